/** Rejects when the signal comes: a drill waits for minutes, Ctrl-C does not. */
export function interrupted(signal: AbortSignal): Promise<never> {
  const interruption = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("stopped during a drill")), { once: true });
  });
  // Nobody waits for it between two drills.
  interruption.catch(() => {});
  return interruption;
}
