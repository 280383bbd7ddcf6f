import { type Field, Malformed } from "./field";

/**
 * Whether a label selector matches labels. A selector that is not set matches nothing, an empty one everything, as in
 * `policy/v1`.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function selects(selector: Field, labels: ReadonlyMap<string, string>): boolean {
  if (!selector.present) return false;
  const pairs = [...selector.at("matchLabels").texts()];
  return (
    pairs.every(([key, value]) => labels.get(key) === value) &&
    selector
      .at("matchExpressions")
      .list()
      .every((expression) => holds(expression, labels))
  );
}

function holds(expression: Field, labels: ReadonlyMap<string, string>): boolean {
  const value = labels.get(expression.at("key").text() ?? "");
  const values = expression
    .at("values")
    .list()
    .map((element) => element.text());
  const operator = expression.at("operator").text();
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      throw new Malformed(expression.at("operator"), "In, NotIn, Exists or DoesNotExist");
  }
}
