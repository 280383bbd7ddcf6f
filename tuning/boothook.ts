/**
 * The boot hook's text: the script in `node/boothook.sh` with the plan's data and the bundle put in, and the way back,
 * so that a policy can compare what a launch template does with what the plan says.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readBundle } from "./bundle";

/** What the boot hook brings about on a node. */
export interface BoothookData {
  /** Lines of `/etc/trading-tune/plan`, by name. */
  readonly settings: Readonly<Record<string, readonly string[]>>;
  /** Absolute path of the NodeConfig drop-in. */
  readonly dropInPath: string;
  /** YAML of the drop-in. */
  readonly dropIn: string;
}

/** What `readBoothook` finds; a field is missing where a foreign script does not say it. */
export interface FoundBoothookData {
  readonly kernelArguments?: readonly string[];
  readonly dropIn?: string;
}

/** Neither quote, `$`, space nor line break: such a text cannot leave its place between single quotes. */
const PLAIN_WORD = /^[A-Za-z0-9_.,:=/+-]+$/;
const HEREDOC = "TRADING_DROP_IN";

let template: string | undefined;

/** The script for one node. Only data is put in: a text that could end its quotes is refused. */
export function renderBoothook(data: BoothookData): string {
  template ??= readFileSync(join(__dirname, "node", "boothook.sh"), "utf8").replaceAll(/^ *# .*\n/gm, "");
  const dropIn = data.dropIn.trimEnd();
  if (dropIn.split("\n").includes(HEREDOC)) throw new Error(`the drop-in may not hold the line ${HEREDOC}`);
  const values: Readonly<Record<string, string>> = {
    PLAN: Object.entries(data.settings)
      .map(([name, list]) => `${words([name])}='${words(list)}'`)
      .join("\n"),
    DROP_IN_PATH: words([data.dropInPath]),
    DROP_IN: dropIn,
    // Mail, which MIME was made for, knows no line above 998 characters.
    BUNDLE: readBundle().replaceAll(/.{900}(?!$)/g, "$&\n"),
  };
  return template.replaceAll(/@([A-Z_]+)@/g, (marker, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`boothook.sh has an unknown marker ${marker}`);
    return value;
  });
}

/** The data of a script that `renderBoothook` wrote, perhaps changed by hand since. */
export function readBoothook(script: string): FoundBoothookData {
  const text = script.replaceAll("\r\n", "\n");
  const [, assigned] = /^KERNEL_ARGUMENTS='([^'\n]*)'$/m.exec(text) ?? [];
  const [, dropIn] = new RegExp(`<<'${HEREDOC}'\\n([\\s\\S]*?\\n)${HEREDOC}$`, "m").exec(text) ?? [];
  return {
    ...(assigned === undefined ? {} : { kernelArguments: assigned.split(" ").filter((word) => word !== "") }),
    ...(dropIn === undefined ? {} : { dropIn }),
  };
}

function words(list: readonly string[]): string {
  const wrong = list.find((word) => !PLAIN_WORD.test(word));
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} cannot be written into a shell script`);
  return list.join(" ");
}
