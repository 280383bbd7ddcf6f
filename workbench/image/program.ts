import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { REPOSITORY } from "../offline/paths";
import type { TarEntry } from "./tar";

/** Source files of an image, relative to the repository's root, in one order on every machine. */
export function sources(folders: readonly string[]): string[] {
  const found = folders.flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.startsWith("dist/"))
      .map((name) => `${folder}/${name}`),
  );
  return found.sort();
}

/** Programs as plain JavaScript under `app/`, each beside what it imports, as in the repository. */
export function compiled(files: readonly string[]): TarEntry[] {
  return files.map((file) => ({
    kind: "file",
    path: `app/${file.replace(/\.ts$/, ".js")}`,
    mode: 0o644,
    data: Buffer.from(javascript(readFileSync(join(REPOSITORY, file), "utf8"))),
  }));
}

function javascript(source: string): string {
  const { outputText } = transpileModule(source, {
    compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2023, removeComments: true },
  });
  return outputText;
}
