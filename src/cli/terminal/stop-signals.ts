/** What asks a process to end: keys, a supervisor, a terminal that was closed. Systems that lack one ignore it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Does something until it ends, or is asked to: the first time it is told by the signal of `work`. The second time the user
 * means now: the default action, since `process.exit` would tear down threads in the middle of native calls.
 * @param reasonFor the reason of the abort; called when a process is asked for the first time
 */
export async function untilStopped<T>(
  work: (signal: AbortSignal) => Promise<T>,
  reasonFor: (name: NodeJS.Signals) => unknown = () => undefined,
): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) return controller.abort(reasonFor(name));
    for (const one of SIGNALS) process.off(one, stop);
    process.kill(process.pid, name);
  };
  for (const name of SIGNALS) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, stop);
  }
}
