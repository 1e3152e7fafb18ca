import { writeSync } from 'node:fs';
import { explainFailure } from './failure.js';
import { failureAnnotation } from './github.js';

/** Node's own code for a program that ends while something is still waited for. */
const UNFINISHED = 13;

/**
 * Keeps exit codes to the documented ones, whatever happens: 1 is a failed gate, or what audit and compare end with when they are asked to judge.
 * Output that cannot be written (a full disk, a terminal that is gone) gives 2, unless the outcome is worse than 0
 * already. A pipe that was closed early (`assay ... | head`) is no error. What nobody caught gives 2, and so does an end
 * while something is still waited for, which Node gives a code of its own.
 * @returns to be called when the program is done
 */
export function guardExitCode(): () => void {
  let done = false;
  let unprintable: NodeJS.ErrnoException | undefined;
  for (const [name, output] of Object.entries({ output: process.stdout, errors: process.stderr }))
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || unprintable) return;
      unprintable = error;
      tell(`error[output-unwritable]: standard ${name} cannot be written: ${error.message}\n`);
    });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      tell(explainFailure(error, process.argv.includes('--debug')));
      tell(failureAnnotation(error));
      process.exit(2);
    });
  process.on('exit', (code) => {
    const early = !done && (code === 0 || code === UNFINISHED);
    if (early) tell(explainFailure(new Error('ended before it was done'), false));
    if (early || (code === 0 && unprintable)) process.exitCode = 2;
  });
  return () => {
    done = true;
  };
}

/** At once, and never in vain again: standard errors may be what cannot be written. */
function tell(text: string): void {
  try {
    writeSync(2, text);
  } catch {}
}
