import { runBroken } from "./run";

// Never asks for a lease.
runBroken({
  acquire: async () => ({
    generation: 1,
    deadline: () => Number.POSITIVE_INFINITY,
    lost: new Promise(() => {}),
    release: async () => {},
  }),
});
