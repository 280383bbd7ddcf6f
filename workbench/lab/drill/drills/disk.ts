import { statSync, truncateSync } from "node:fs";
import { newestLog, whileDown } from "../actions";
import { check, type Drill, same } from "../drill";
import { trades } from "../looks";
import { container, pod, until } from "../stage";

export const tornTail: Drill = {
  id: "torn-tail",
  title: "a crash cuts the last write of the log short",
  steps: [
    "the kubelet is held",
    "SIGKILL to the engine",
    "three bytes off the log's newest file",
    "the kubelet goes on",
  ],
  expectation: "the engine starts: what was cut was never acknowledged, and no id comes twice",
  // The kubelet waits between two restarts within ten minutes, longer each time.
  darkBound: ({ start }) => 40 + start,
  async run(stage) {
    const before = await pod(stage, 2);
    const { restarts } = await container(stage, 2);
    let cut = "";
    await whileDown(stage, 2, (disk) => {
      cut = newestLog(disk);
      truncateSync(cut, Math.max(0, statSync(cut).size - 3));
    });
    const after = await until(
      "engine 2 in a new container",
      () => container(stage, 2),
      (seen) => seen.restarts > restarts,
      120,
    );
    const view = await trades(stage, 2, 120);
    return {
      touched: [2],
      facts: [
        check("the file that was cut is the log", /wal|log|seg/i.test(cut), cut.split("/").at(-1)),
        same("exit code of the old process", 137, after.lastExitCode),
        same("it says", "trading", view.phase),
        same("the pod", before?.uid, (await pod(stage, 2))?.uid),
      ],
    };
  },
};
