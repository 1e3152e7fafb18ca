/** The clock of `ResultsInput.began`: steady within a process and the same in all of its threads. In ms. */
export const sinceEpoch = (): number => performance.timeOrigin + performance.now();
