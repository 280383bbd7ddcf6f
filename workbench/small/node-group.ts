import { z } from "zod";

const resourcesSchema = z.object({ cpu: z.string(), memory: z.string(), pods: z.string() });

/** A node group as AWS in the small keeps it: everything that a node of it is made from. */
export const nodeGroupSchema = z.object({
  name: z.string().min(1),
  region: z.string(),
  /** One for each subnet; nodes are dealt out over them. */
  zones: z.array(z.string()).min(1),
  labels: z.record(z.string(), z.string()),
  taints: z.array(z.object({ key: z.string(), value: z.string(), effect: z.string() })),
  size: z.int().min(0),
  /** Whether a roll makes the new node before the old one goes, as EKS does by default; not with strategy MINIMAL. */
  surge: z.boolean(),
  /** Names all that a running node cannot take over: a node of another revision is replaced. */
  revision: z.string().min(1),
  capacity: resourcesSchema,
  allocatable: resourcesSchema,
  /** What a reader of the group is told: everything that its writer said of it. */
  description: z.record(z.string(), z.unknown()).optional(),
});
export type NodeGroup = z.infer<typeof nodeGroupSchema>;

/** What somebody who asks for a node group is told. */
export const reportSchema = z.object({
  state: z.enum(["ACTIVE", "UPDATING", "FAILED", "GONE"]),
  /** What is being done, or why it failed. */
  message: z.string(),
  /** Of a group that there is: what it was last asked to be, whoever asked. */
  description: z.record(z.string(), z.unknown()).optional(),
});
export type Report = z.infer<typeof reportSchema>;

/** Labels by which a node's group and revision are known. */
export const LABELS = { group: "eks.amazonaws.com/nodegroup", revision: "lab.trading/revision" } as const;
