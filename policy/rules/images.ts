import { engines, podOf } from "../lib/engines";
import { containers } from "../lib/pods";
import { defineRule } from "../lib/rule";

const DIGEST = /@sha256:[0-9a-f]{64}$/;

/**
 * A tag can be moved; a digest cannot. After a node is lost the replacement pod must run the code that was reviewed.
 *
 * @see https://kubernetes.io/docs/concepts/containers/images/#image-names
 */
export const imageDigest = defineRule({
  name: "image-digest",
  description: "Every container of an engine runs an image named by digest.",
  settings: {},
  defaults: {},
  subjects: engines,
  absent: "the stack has no engine",
  inspect: (engine, { report, attempt }) => {
    for (const container of containers(podOf(engine))) {
      attempt(() => {
        const image = container.at("image");
        if (DIGEST.test(image.text() ?? "")) return;
        report(image, {
          problem: "is not named by digest",
          because:
            "a tag can be moved, so a pod that comes back on another node may run code that nobody reviewed",
          remedy:
            "append @sha256:… (64 hexadecimal digits), as `docker buildx imagetools inspect` or ECR shows it",
        });
      });
    }
  },
});
