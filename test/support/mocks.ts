import * as pulumi from "@pulumi/pulumi";

/** One resource as the program registered it. */
export interface Registration {
  readonly name: string;
  readonly type: string;
  readonly inputs: Record<string, unknown>;
}

let registrations: Registration[] = [];

const CLUSTER_OUTPUTS = {
  kubeconfigJson: '{"clusters":[]}',
  eksCluster: { endpoint: "https://eks.test", certificateAuthority: { data: "Y2VydA==" } },
};

/**
 * The one `setMocks` of the test process: it is global, and the last call wins. Importing this module installs it;
 * import it before any component.
 */
void pulumi.runtime.setMocks(
  {
    newResource({ name, type, inputs, id }) {
      registrations.push({ name, type, inputs });
      return { id: id || `${name}-id`, state: { ...inputs, ...computed(type, name) } };
    },
    call: ({ inputs }) => inputs,
  },
  "trading",
  "test",
  false,
);

function computed(type: string, name: string): Record<string, unknown> {
  if (type === "eks:index:Cluster") return CLUSTER_OUTPUTS;
  return {
    arn: `arn:aws:mock:::${name}`,
    latestVersion: 7,
    keyId: `${name}-key-id`,
    publicIp: "203.0.113.7",
    nodeGroupName: `${name}-made`,
    repositoryUrl: `registry.test/${name}`,
  };
}
