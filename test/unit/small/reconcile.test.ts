import { deepEqual } from "node:assert/strict";
import type { NodeGroup } from "../../../workbench/small/node-group";
import { type GroupNode, nextStep } from "../../../workbench/small/reconcile";

const SIZE = { cpu: "4", memory: "8Gi", pods: "110" };
const GROUP: NodeGroup = {
  name: "g",
  region: "eu-central-1",
  zones: ["a"],
  labels: {},
  taints: [],
  size: 1,
  surge: true,
  revision: "2",
  capacity: SIZE,
  allocatable: SIZE,
};
const node = (name: string, over: Partial<GroupNode> = {}): GroupNode => ({
  name,
  zone: "a",
  revision: "2",
  ready: true,
  ...over,
});
const inWords = (group: NodeGroup | undefined, nodes: readonly GroupNode[]): string => {
  const step = nextStep(group, nodes);
  switch (step.kind) {
    case "create":
      return `create ${step.name} in ${step.zone}`;
    case "settled":
      return step.kind;
    default:
      return `${step.kind} ${step.node.name}`;
  }
};

describe("the next step of a node group", () => {
  const old = node("g-0", { revision: "1" });
  const minimal = { ...GROUP, surge: false };
  const cases: readonly (readonly [string, NodeGroup | undefined, readonly GroupNode[], string])[] = [
    ["makes the first node", GROUP, [], "create g-0 in a"],
    ["waits for a node that starts", GROUP, [node("g-0", { ready: false })], "wait g-0"],
    ["has nothing to do", GROUP, [node("g-0")], "settled"],
    ["makes the new node before the old one goes", GROUP, [old], "create g-1 in a"],
    ["waits for the new one", GROUP, [old, node("g-1", { ready: false })], "wait g-1"],
    ["then retires the old one", GROUP, [old, node("g-1")], "retire g-0"],
    ["retires first where no surge is allowed", minimal, [old], "retire g-0"],
    ["and then makes the new one, under a free name", minimal, [], "create g-0 in a"],
    ["retires what is too many", GROUP, [node("g-0"), node("g-1")], "retire g-1"],
    [
      "deals nodes out over the zones",
      { ...GROUP, zones: ["a", "b"], size: 2 },
      [node("g-0")],
      "create g-1 in b",
    ],
    ["rolls one after the other", { ...GROUP, size: 2 }, [old, node("g-1"), node("g-2")], "retire g-0"],
    ["makes a node again that somebody deleted", { ...GROUP, size: 2 }, [node("g-1")], "create g-0 in a"],
    ["retires all of a group that is gone", undefined, [node("g-0")], "retire g-0"],
    ["ends when a group that is gone has no node", undefined, [], "settled"],
    ["can be scaled to nothing", { ...GROUP, size: 0 }, [], "settled"],
  ];
  for (const [title, group, nodes, expected] of cases) {
    it(title, () => {
      deepEqual(inWords(group, nodes), expected);
    });
  }

  it("comes to an end from any revision and number of nodes, with every node current", () => {
    for (const surge of [true, false]) {
      for (let size = 0; size < 4; size += 1) {
        for (let before = 0; before < 4; before += 1) {
          const group = { ...GROUP, zones: ["a", "b"], size, surge };
          let nodes: GroupNode[] = Array.from({ length: before }, (_, index) =>
            node(`g-${index}`, { revision: "1" }),
          );
          for (
            let steps = 0, step = nextStep(group, nodes);
            step.kind !== "settled";
            step = nextStep(group, nodes)
          ) {
            if (step.kind === "create") nodes.push(node(step.name, { zone: step.zone }));
            const gone = step.kind === "retire" ? step.node.name : undefined;
            nodes = nodes.filter(({ name }) => name !== gone);
            steps += 1;
            if (steps > 20) throw new Error(`no end for ${size} from ${before}`);
          }
          deepEqual(
            nodes.map(({ revision }) => revision),
            Array.from({ length: size }, () => "2"),
          );
        }
      }
    }
  });
});
