import { enginePid } from "../actions";
import { type Drill, same } from "../drill";
import { container, engineView, pod, podName, until } from "../stage";
import { fencedWithoutProof } from "./nodes";

export const splitBrainLog: Drill = {
  id: "split-brain-log",
  title: "the same, and the engine that is left is killed: does it start again?",
  steps: [...fencedWithoutProof.steps, "once the first one is gone: SIGKILL to the second"],
  expectation: "only one of the two ever wrote the log, so it is replayed and the engine trades",
  darkBound: (timers) => fencedWithoutProof.darkBound(timers) + 10 + timers.start,
  seedNote:
    "Two engines wrote one log; the engine refuses it (exit code 78) and stays down until a person decides.",
  async run(stage) {
    const { touched, facts } = await fencedWithoutProof.run(stage);
    const [ordinal = 0] = touched;
    const { restarts } = await container(stage, ordinal);
    process.kill(enginePid(stage, (await pod(stage, ordinal))?.node, ordinal), "SIGKILL");
    const after = await until(
      `${podName(stage, ordinal)} trades again on that log`,
      async () => ({
        ...(await container(stage, ordinal)),
        phase: (await engineView(stage, ordinal).catch(() => undefined))?.phase,
      }),
      (seen) => seen.restarts > restarts && seen.phase === "trading",
      90,
    );
    return { touched, facts: [...facts, same("exit code of the old process", 137, after.lastExitCode)] };
  },
};
