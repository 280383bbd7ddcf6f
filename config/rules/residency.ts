import type { Rule } from "./sections";

/** Where data may lie is decided once, here; every region named elsewhere must be in the list. */
export const regionAllowed: Rule = ({ region, residency }) => {
  if (region === undefined || !residency || residency.allowedRegions.includes(region)) return [];
  return [
    {
      path: "region",
      problem: `is outside residency.allowedRegions ${residency.allowedRegions.join(", ")}; deploy elsewhere or have the list changed`,
      got: region,
    },
  ];
};

/** Credentials are fetched from the region in their ARN. */
export const credentialRegions: Rule = ({ engines = {}, residency }) =>
  Object.entries(engines).flatMap(([name, engine]) =>
    Object.entries(engine.credentials).flatMap(([market, arn]) => {
      const region = arn.split(":")[3] ?? "";
      if (!residency || residency.allowedRegions.includes(region)) return [];
      return [
        {
          path: `engines.${name}.credentials.${market}`,
          problem: `lies in ${region}, outside residency.allowedRegions ${residency.allowedRegions.join(", ")}; replicate the secret to an allowed region`,
          got: arn,
        },
      ];
    }),
  );

/** A secret of another account needs a policy there that nobody here reviews. */
export const credentialAccounts: Rule = ({ engines = {}, accountId }) =>
  Object.entries(engines).flatMap(([name, engine]) =>
    Object.entries(engine.credentials).flatMap(([market, arn]) =>
      accountId === undefined || arn.split(":")[4] === accountId
        ? []
        : [
            {
              path: `engines.${name}.credentials.${market}`,
              problem: `belongs to another account than accountId ${accountId}; use a copy of the secret in this one`,
              got: arn,
            },
          ],
    ),
  );
