import * as pulumi from "@pulumi/pulumi";

/**
 * What a component was told to wait for, and what its own child waits for. Pulumi does not hand a component's
 * `dependsOn` down to its children, so that a component that must wait passes it to the first it makes.
 */
export function dependencies(
  opts: pulumi.ComponentResourceOptions | undefined,
  own: readonly pulumi.Resource[] = [],
): pulumi.Output<pulumi.Resource[]> {
  return pulumi.output(opts?.dependsOn ?? []).apply((after) => [...[after].flat(), ...own]);
}
