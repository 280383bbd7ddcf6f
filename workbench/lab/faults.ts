import { messageOf, UserError } from "../offline/errors";
import type { LabFolder } from "./paths";

const UNUSABLE: readonly string[] = ["EACCES", "EEXIST", "ENOENT", "ENOTDIR", "EPERM", "EROFS"];

/** Says in words what of the machine every write may meet; anything else is returned as it is. */
export function inWords(error: unknown, { root }: Pick<LabFolder, "root">): unknown {
  if (error instanceof UserError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || /no space left on device/i.test(messageOf(error))) {
    return new UserError(`the disk of ${root} is full: make room, or use --state DIR on another disk.`);
  }
  if (typeof code === "string" && UNUSABLE.includes(code)) {
    return new UserError(`the lab cannot be kept in ${root} (${messageOf(error)}): use --state DIR.`);
  }
  return error;
}
