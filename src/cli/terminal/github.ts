import { AssayError } from '../../errors.js';
import { annotation } from '../../gate/github.js';

/** Whether this is a step of GitHub Actions. */
export const onGitHub = (env: NodeJS.ProcessEnv = process.env): boolean => env.GITHUB_ACTIONS === 'true';

/** The root of the repository, as CI services name it; else the working folder. */
export const projectRoot = ({ GITHUB_WORKSPACE, CI_PROJECT_DIR }: NodeJS.ProcessEnv = process.env): string =>
  GITHUB_WORKSPACE || CI_PROJECT_DIR || process.cwd();

/** An error that ends the command, as an annotation; nothing elsewhere than in a step of GitHub Actions. */
export function failureAnnotation(error: unknown): string {
  if (!onGitHub()) return '';
  if (error instanceof AssayError)
    return annotation({ level: 'error', title: `Assay: ${error.code}`, message: error.explain() });
  return annotation({ level: 'error', title: 'Assay: bug', message: String(error) });
}
