import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runMain, UserError } from "../offline/errors";
import { REPOSITORY } from "../offline/paths";
import { builtImage, expectedReference } from "./engine-image";
import { outdatedReferences, replaceReferences } from "./references";

const HELP = `The reference engine as a reproducible image, without a registry and without a container builder.

Usage: npm run image -- <command>

Commands:
  build    build it and print the archive's path (OCI layout; import it with: ctr -n k8s.io images import FILE)
  digest   print its digest; the same on every machine
  check    fail if a stack file or a golden file names another digest
  write    put the digest into all of them

The image holds the Node of package.json, the engine, the exchange simulator and the risk client as JavaScript, and
the C library of Debian 12. It has no shell. Linux on x86-64; apt-get and dpkg-deb are needed for the first build,
and not for check.
`;

/** Where the example image is named. */
const GOLDEN = "test/golden/manifests";

async function main(): Promise<number> {
  const [command, ...rest] = process.argv.slice(2);
  if (command === undefined || ["help", "--help", "-h"].includes(command) || rest.includes("--help")) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!["build", "digest", "check", "write"].includes(command) || rest.length > 0) {
    throw new UserError(`unknown command "${[command, ...rest].join(" ")}". See npm run image -- --help.`);
  }
  if (command === "check") return check(expectedReference());
  const built = await builtImage((line) => process.stderr.write(`${line}\n`));
  switch (command) {
    case "build":
      process.stdout.write(`${built.file}\n${built.reference}\n`);
      return 0;
    case "digest":
      process.stdout.write(`${built.digest}\n`);
      return 0;
    default:
      return write(built.reference);
  }
}

function check(reference: string): number {
  const outdated = files().filter((file) => outdatedReferences(content(file), reference).length > 0);
  if (outdated.length > 0) {
    throw new UserError(
      `${outdated.join(", ")} do not name the image that this checkout builds, ${reference}. Run: npm run image -- write`,
    );
  }
  process.stdout.write(`every file names ${reference}\n`);
  return 0;
}

function write(reference: string): number {
  for (const file of files()) {
    const before = content(file);
    const after = replaceReferences(before, reference);
    if (after === before) continue;
    writeFileSync(join(REPOSITORY, file), after);
    process.stdout.write(`${file}: ${reference}\n`);
  }
  return 0;
}

function files(): string[] {
  const stacks = readdirSync(REPOSITORY).filter((name) => /^Pulumi\.[a-z]+\.yaml$/.test(name));
  const golden = readdirSync(join(REPOSITORY, GOLDEN)).map((name) => `${GOLDEN}/${name}`);
  return [...stacks, ...golden].sort();
}

function content(file: string): string {
  return readFileSync(join(REPOSITORY, file), "utf8");
}

void runMain(main);
