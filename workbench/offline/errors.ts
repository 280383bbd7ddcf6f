/**
 * A mistake or a missing prerequisite that the person at the terminal can put right. Commands print its message alone;
 * anything else that is thrown is a fault of this code and keeps its stack trace.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Runs a command's main function; prints user errors as one message and sets the exit code. */
export async function runMain(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(error instanceof UserError ? `error: ${error.message}\n` : `${describe(error)}\n`);
    process.exitCode = 1;
  }
}

/** The text of anything that was thrown, with its stack when it has one. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
