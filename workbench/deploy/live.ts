import { z } from "zod";
import { parseQuantity } from "../../policy/lib/quantity";

const containerSchema = z.looseObject({
  name: z.string(),
  lifecycle: z.unknown().optional(),
  resources: z.unknown().optional(),
});
const podSpecSchema = z.looseObject({
  terminationGracePeriodSeconds: z.unknown().optional(),
  containers: z.array(containerSchema),
});
type PodSpec = z.infer<typeof podSpecSchema>;

const objectSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
});
/** An object as Kubernetes writes it. */
export type KubernetesObject = z.infer<typeof objectSchema>;

const setSchema = z.looseObject({
  spec: z.looseObject({
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.looseObject({ spec: podSpecSchema }),
  }),
});
const revisionSchema = z.looseObject({ status: z.looseObject({ updateRevision: z.string() }) });
const podSchema = z.looseObject({
  spec: podSpecSchema,
  status: z.looseObject({ qosClass: z.string().optional() }),
});

/** Types of the stack's state that are compared, as Pulumi names them. */
const TYPES: readonly string[] = [
  "kubernetes:apps/v1:StatefulSet",
  "kubernetes:policy/v1:PodDisruptionBudget",
  "kubernetes:storage.k8s.io/v1:StorageClass",
];

/** What of a storage class decides where an engine's log is, and whether it outlives its claim. */
const CLASS_FIELDS = ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"] as const;

const stateSchema = z.looseObject({
  deployment: z.looseObject({
    resources: z.array(
      z.looseObject({ type: z.string(), delete: z.boolean().optional(), inputs: z.unknown().optional() }),
    ),
  }),
});

/** The objects of an exported stack state that are worth comparing, as the program declared them. */
export function declaredObjects(state: unknown): KubernetesObject[] {
  const { data } = stateSchema.safeParse(state);
  const inputs = (data?.deployment.resources ?? [])
    // What an update left to be deleted is declared no more.
    .filter(({ type, delete: isLeft }) => TYPES.includes(type) && isLeft !== true)
    .map((resource) => resource.inputs);
  return readObjects(inputs);
}

/** Those of some values that are Kubernetes objects with a name. */
export function readObjects(values: readonly unknown[]): KubernetesObject[] {
  return values.flatMap((value) => {
    const { data } = objectSchema.safeParse(value);
    return data === undefined ? [] : [data];
  });
}

/** What kubectl is asked, to see the declared objects and the pods beside them. */
export function readCommands(declared: readonly KubernetesObject[]): string[][] {
  const place = (namespace: string | undefined) =>
    namespace === undefined ? [] : ["--namespace", namespace];
  const objects = declared.map(({ kind, metadata: { name, namespace } }) => [
    kind.toLowerCase(),
    name,
    ...place(namespace),
  ]);
  const sets = declared.filter(({ kind }) => kind === "StatefulSet");
  const namespaces = new Set(sets.map(({ metadata: { namespace } }) => namespace));
  const pods = [...namespaces].map((namespace) => ["pods", ...place(namespace)]);
  return [...objects, ...pods].map((what) => ["get", ...what, "--output=json"]);
}

/** The elements of a list as Kubernetes answers it; of anything else, itself. */
export function itemsOf(value: unknown): readonly unknown[] {
  return z.looseObject({ items: z.array(z.unknown()) }).safeParse(value).data?.items ?? [value];
}

/**
 * Where the cluster holds something else than was declared, in words: grace period, hook and resources of engines and of
 * their pods, budgets, storage classes. What an admission webhook or a hand changed, no preview shows.
 * @param live objects of the cluster: those declared, and the pods beside them
 */
export function liveProblems(
  declared: readonly KubernetesObject[],
  live: readonly KubernetesObject[],
): string[] {
  return declared.flatMap((object) => {
    const found = live.find((other) => nameOf(other) === nameOf(object));
    if (found === undefined) return [`${nameOf(object)} is declared, and is not in the cluster`];
    if (object.kind === "StatefulSet") return setProblems(object, found, live);
    if (object.kind === "PodDisruptionBudget")
      return differences(`${nameOf(object)} spec`, object["spec"], found["spec"]);
    return CLASS_FIELDS.flatMap((field) =>
      differences(`${nameOf(object)} ${field}`, object[field], found[field]),
    );
  });
}

function nameOf({ kind, metadata: { name, namespace } }: KubernetesObject): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

function setProblems(
  declared: KubernetesObject,
  found: KubernetesObject,
  live: readonly KubernetesObject[],
): string[] {
  const { spec } = setSchema.parse(declared);
  const wanted = spec.template.spec;
  const revision = revisionSchema.safeParse(found).data?.status.updateRevision;
  const pods = live.filter(
    ({ kind, metadata }) =>
      kind === "Pod" &&
      metadata.namespace === declared.metadata.namespace &&
      Object.entries(spec.selector.matchLabels).every(([key, value]) => metadata.labels[key] === value) &&
      // A pod that a partition holds back has an older template on purpose.
      (revision === undefined || metadata.labels["controller-revision-hash"] === revision),
  );
  return [
    ...podSpecProblems(`${nameOf(declared)} template`, wanted, setSchema.parse(found).spec.template.spec),
    ...pods.flatMap((pod) => podProblems(nameOf(pod), wanted, pod)),
  ];
}

function podProblems(place: string, wanted: PodSpec, pod: KubernetesObject): string[] {
  const { spec, status } = podSchema.parse(pod);
  const isLost = isGuaranteed(wanted) && status.qosClass !== "Guaranteed";
  return [
    ...podSpecProblems(place, wanted, spec),
    ...(isLost ? [`${place} has QoS class ${status.qosClass ?? "none"}, and Guaranteed is declared`] : []),
  ];
}

function podSpecProblems(place: string, wanted: PodSpec, found: PodSpec): string[] {
  const grace = "terminationGracePeriodSeconds";
  return [
    ...differences(`${place} ${grace}`, wanted[grace], found[grace]),
    ...wanted.containers.flatMap((container) => {
      const other = found.containers.find(({ name }) => name === container.name);
      const inside = `${place} container ${container.name}`;
      return [
        ...differences(`${inside} lifecycle`, container.lifecycle, other?.lifecycle),
        ...differences(`${inside} resources`, container.resources, other?.resources, isSameQuantity),
      ];
    }),
  ];
}

const resourcesSchema = z.object({
  requests: z.record(z.string(), z.string()),
  limits: z.record(z.string(), z.string()),
});

function isGuaranteed({ containers }: PodSpec): boolean {
  return containers.every(({ resources }) => {
    const { data } = resourcesSchema.safeParse(resources);
    return ["cpu", "memory"].every(
      (name) => data?.limits[name] !== undefined && data.limits[name] === data.requests[name],
    );
  });
}

// Everything that is declared must be there as it was declared; what the API server adds as a default may be there too.
function differences(place: string, declared: unknown, found: unknown, isSame = isEqual): string[] {
  if (typeof declared === "object" && declared !== null && !Array.isArray(declared)) {
    const other = z.looseObject({}).safeParse(found).data ?? {};
    return Object.entries(declared).flatMap(([key, value]) =>
      // Pulumi's own bookkeeping in the inputs.
      key === "__defaults" ? [] : differences(`${place}.${key}`, value, other[key], isSame),
    );
  }
  if (declared === undefined || isSame(declared, found)) return [];
  return [`${place} is ${words(found)} in the cluster, and ${words(declared)} is declared`];
}

function isEqual(declared: unknown, found: unknown): boolean {
  return JSON.stringify(declared) === JSON.stringify(found);
}

// The API server writes 2048Mi as 2Gi.
function isSameQuantity(declared: unknown, found: unknown): boolean {
  const amount = parseQuantity(String(declared));
  return amount !== undefined && amount === parseQuantity(String(found));
}

function words(value: unknown): string {
  return value === undefined ? "not set" : typeof value === "string" ? value : JSON.stringify(value);
}
