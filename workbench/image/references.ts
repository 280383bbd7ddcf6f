/** References in a text to the repository of `reference` that name another digest. */
export function outdatedReferences(text: string, reference: string): string[] {
  return [...text.matchAll(pattern(reference))]
    .map(([found]) => found)
    .filter((found) => found !== reference);
}

/** A text with each reference to the repository of `reference` replaced by it. */
export function replaceReferences(text: string, reference: string): string {
  return text.replace(pattern(reference), reference);
}

function pattern(reference: string): RegExp {
  const [repository = ""] = reference.split("@");
  return new RegExp(`${repository.replace(/[.]/g, "\\.")}@sha256:[0-9a-f]{64}`, "g");
}
