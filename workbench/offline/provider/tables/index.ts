import type { AwsType } from "../aws-type";
import { hex } from "../identity";
import { COMPUTE } from "./compute";
import { EKS } from "./eks";
import { IDENTITY } from "./identity";
import { NETWORK } from "./network";
import { arn, rules } from "./shared";
import { STORAGE } from "./storage";

/** Every AWS type that the offline provider knows. */
export const AWS_TYPES: Readonly<Record<string, AwsType>> = {
  ...NETWORK,
  ...COMPUTE,
  ...EKS,
  ...IDENTITY,
  ...STORAGE,
};

/** Any other type: echoed with an id and an ARN, and every change of it but one of its tags counts as a replacement. */
export const GENERIC: AwsType = {
  rules: rules("no source: a type outside the tables", { updates: [], replaces: [] }),
  model: (context) => {
    const id = hex(context.seed, 17);
    return { id, outputs: { arn: arn("offline", context, id) } };
  },
};
