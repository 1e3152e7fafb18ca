import { execFile } from 'node:child_process';

/** What became of a process that was asked something. */
export type ProcessReport<Answer> =
  | { answer: Answer; stderr: string }
  | { late: true }
  /** Signal or exit code. */
  | { crash: string; stderr: string };

/**
 * Runs a module in a process of its own, so that a native library that prints, hangs or crashes harms nobody.
 * Whatever the module prints, its last line is the answer, as JSON.
 * @param patience milliseconds
 */
export function askProcess<Answer extends object>(
  file: string,
  args: readonly string[],
  patience: number,
): Promise<ProcessReport<Answer>> {
  return new Promise((resolve) => {
    const options = { timeout: patience, maxBuffer: 16 * 2 ** 20, windowsHide: true };
    execFile(process.execPath, [file, ...args], options, (error, stdout, stderr) => {
      const answer = lastLine<Answer>(stdout);
      if (answer) resolve({ answer, stderr });
      else if (error?.killed) resolve({ late: true });
      else resolve({ crash: error?.signal ?? `exit code ${error?.code ?? 0}`, stderr });
    });
  });
}

function lastLine<Answer extends object>(stdout: string): Answer | undefined {
  try {
    const value = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
