const LOOK_MILLISECONDS = 100;

/**
 * Does some work, and watches whether this process gets the CPU meanwhile.
 * @returns what the work gives, and a look at the longest time, in seconds, for which the process stood still
 */
export async function watchingStalls<T>(work: (longestSeconds: () => number) => Promise<T>): Promise<T> {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - LOOK_MILLISECONDS);
    last = now;
  }, LOOK_MILLISECONDS);
  try {
    return await work(() => longest / 1000);
  } finally {
    // Also after an error: a timer that is left keeps the command from ending.
    clearInterval(timer);
  }
}
