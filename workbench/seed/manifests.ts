import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import type { Manifest } from "../lab/kube-client";
import { type Data, overlaid } from "./merge";

/** The overlay as text: what may be said in it is counted. */
export const OVERLAY_FILE = join(__dirname, "overlay.yaml");
const SEED_FILE = join(__dirname, "seed.yaml");

const dataSchema: z.ZodType<Data> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(dataSchema),
    z.record(z.string(), dataSchema),
  ]),
);
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const overlaySchema = z.looseObject({ kind: z.string() });

/** The seed's manifests as they were published. */
export function seedVerbatim(): Manifest[] {
  return seedDocuments().map(manifestOf);
}

/** The same with the overlay: what runs on the lab. */
export function seedManifests(): Manifest[] {
  const overlay = dataSchema.parse(parse(readFileSync(OVERLAY_FILE, "utf8")));
  const { kind } = overlaySchema.parse(overlay);
  return seedDocuments()
    .map((document) => (overlaySchema.parse(document).kind === kind ? overlaid(document, overlay) : document))
    .map(manifestOf);
}

/** What the seed takes for granted: it names a namespace that nothing of it makes. */
export function seedNamespace(): Manifest {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name: SEED.namespace } };
}

/** What the seed calls its things, and how its application assigns markets. */
export const SEED = {
  name: "trading-engine",
  namespace: "trading",
  /** Name of the claim template; a claim is called this, a dash, and the pod's name. */
  claim: "trading-data",
  storageClass: "gp3-encrypted",
  /** Namespace of the Service and of the budget, which name none: where kubectl puts them. */
  elsewhere: "default",
  gracePeriodSeconds: 120,
  /** Its MARKET_ASSIGNMENTS: the index is the ordinal. */
  markets: [
    ["BTCUSDT", "BTCUSD"],
    ["ETHUSDT", "ETHUSD"],
    ["SOLUSDT", "SOLUSD"],
  ],
} as const;

function seedDocuments(): Data[] {
  return parseAllDocuments(readFileSync(SEED_FILE, "utf8")).map((document) =>
    dataSchema.parse(document.toJS()),
  );
}

function manifestOf(document: Data): Manifest {
  const { metadata, ...rest } = manifestSchema.parse(document);
  const { namespace } = z.object({ namespace: z.string().optional() }).parse(metadata);
  const { namespace: _, ...others } = metadata;
  return { ...rest, metadata: { ...others, ...(namespace !== undefined && { namespace }) } };
}
