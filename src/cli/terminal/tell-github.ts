import { appendFile } from 'node:fs/promises';
import { annotation } from '../../gate/github.js';
import { annotations } from '../../gate/reporters/annotations.js';
import { markdown } from '../../gate/reporters/markdown.js';
import type { Judged } from '../../gate/reporters/reporter.js';
import { instruct } from './terminal.js';

/**
 * Verdicts as annotations and in the summary of the step. A summary that cannot be written changes no verdict: it is
 * told as a warning.
 */
export async function tellGitHub(judged: Judged, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  instruct(annotations(judged));
  const { GITHUB_STEP_SUMMARY: summary } = env;
  if (!summary) return;
  await appendFile(summary, `${markdown.render(judged)}\n`).catch((error: Error) =>
    instruct(annotation({ level: 'warning', title: 'Assay: no step summary', message: error.message })),
  );
}
