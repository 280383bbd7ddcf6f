import { runBroken } from "./run";

// Trades whatever list it is given, also beside a position in a market that another engine trades by now.
runBroken({ foreignHolding: () => undefined });
