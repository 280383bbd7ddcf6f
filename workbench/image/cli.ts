import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runMain, UserError } from "../offline/errors";
import { REPOSITORY } from "../offline/paths";
import { builtImage, ENGINE, expectedReference } from "./engine-image";
import { outdatedReferences, replaceReferences } from "./references";
import { SEED_ENGINE } from "./seed-engine";

const HELP = `The reference engine as a reproducible image, without a registry and without a container builder.

Usage: npm run image -- <command>

Commands:
  build    build it and print the archive's path (OCI layout; import it with: ctr -n k8s.io images import FILE)
  digest   print its digest; the same on every machine
  check    fail if a stack file, a golden file or the seed's overlay names another digest
  write    put the digests into all of them

The image holds the Node of package.json, the engine, the exchange simulator and the risk client as JavaScript, and
the C library of Debian 12. It has no shell. Linux on x86-64; apt-get and dpkg-deb are needed for the first build,
and not for check.
`;

/** Where the example images are named, beside the stack files. */
const GOLDEN = "test/golden/manifests";
const OVERLAY = "workbench/seed/overlay.yaml";
/** The engine, and the same program as the seed's manifests start it. */
const RECIPES = [ENGINE, SEED_ENGINE];

async function main(): Promise<number> {
  const [command, ...rest] = process.argv.slice(2);
  if (command === undefined || ["help", "--help", "-h"].includes(command) || rest.includes("--help")) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!["build", "digest", "check", "write"].includes(command) || rest.length > 0) {
    throw new UserError(`unknown command "${[command, ...rest].join(" ")}". See npm run image -- --help.`);
  }
  if (command === "check" || command === "write") {
    const references = RECIPES.map((recipe) => expectedReference(recipe));
    return command === "check" ? check(references) : write(references);
  }
  const built = await builtImage((line) => process.stderr.write(`${line}\n`));
  process.stdout.write(command === "build" ? `${built.file}\n${built.reference}\n` : `${built.digest}\n`);
  return 0;
}

function check(references: readonly string[]): number {
  for (const reference of references) {
    const outdated = files().filter((file) => outdatedReferences(content(file), reference).length > 0);
    if (outdated.length > 0) {
      throw new UserError(
        `${outdated.join(", ")} do not name the image that this checkout builds, ${reference}. Run: npm run image -- write`,
      );
    }
    process.stdout.write(`every file names ${reference}\n`);
  }
  return 0;
}

function write(references: readonly string[]): number {
  for (const file of files()) {
    const before = content(file);
    const after = references.reduce(replaceReferences, before);
    if (after === before) continue;
    writeFileSync(join(REPOSITORY, file), after);
    process.stdout.write(`${file} names another image now\n`);
  }
  return 0;
}

function files(): string[] {
  const stacks = readdirSync(REPOSITORY).filter((name) => /^Pulumi\.[a-z]+\.yaml$/.test(name));
  const golden = readdirSync(join(REPOSITORY, GOLDEN)).map((name) => `${GOLDEN}/${name}`);
  return [...stacks, ...golden, OVERLAY].sort();
}

function content(file: string): string {
  return readFileSync(join(REPOSITORY, file), "utf8");
}

void runMain(main);
