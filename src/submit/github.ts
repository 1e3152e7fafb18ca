import { basename, dirname } from 'node:path';
import { stringify } from 'yaml';
import { AssayError } from '../errors.js';
import { oneLine } from '../one-line.js';
import { shellWord, shellWords } from './shell-quote.js';
import { minutesOf, needed, type Target } from './submission.js';

/** Minutes after which GitHub ends a job of its own runners. */
const MOST_MINUTES = 360;
/** Where GitHub looks for workflows, and for no others. */
const WORKFLOWS = '.github/workflows';
/** Jobs of a matrix. */
const MOST_JOBS = 256;

/** What GitHub puts the number of the shard in place of. */
const MATRIX_SHARD = `$${'{{'} matrix.shard }}`;

/** A workflow with a job for every shard, and one that merges what they upload. */
export const github: Target = {
  name: 'github',
  file: (slug) => `${WORKFLOWS}/${slug}.yml`,
  write: (submission) => {
    const { title, slug, shards, run, out, assay, settings } = submission;
    refuseExpressions([...run, ...assay, out, settings.install ?? '', settings.runner]);
    if (shards > MOST_JOBS)
      throw new AssayError('config-invalid', 'a matrix has too many jobs', {
        expected: `at most ${MOST_JOBS} shards`,
        found: String(shards),
        hint: `split it into --shards ${MOST_JOBS} or fewer`,
      });
    const install = needed(
      'a workflow of GitHub',
      settings.install,
      '--install',
      'a command that installs Assay, such as `npm install --global ./assay-0.1.0.tgz`: the archive that `npm pack` makes',
    );
    const minutes = Math.min(MOST_MINUTES, minutesOf(submission) ?? MOST_MINUTES);
    const start = [
      { uses: 'actions/checkout@v4', with: { lfs: true } },
      { uses: 'actions/setup-node@v4', with: { 'node-version': 20 } },
      { name: 'Install Assay', run: install },
    ];
    const folders = Array.from({ length: shards }, (_, i) => `shards/shard-${i + 1}`);
    const workflow = {
      name: oneLine(title),
      on: { workflow_dispatch: {} },
      permissions: { contents: 'read' },
      jobs: {
        measure: {
          'runs-on': settings.runner,
          'timeout-minutes': minutes,
          strategy: { 'fail-fast': false, matrix: { shard: folders.map((_, i) => i + 1) } },
          steps: [
            ...start,
            {
              name: 'Measure a shard',
              env: { SHARD: MATRIX_SHARD },
              run: `${shellWords([...assay, ...run])} --shard "$SHARD/${shards}" --out "shards/shard-$SHARD"`,
            },
            {
              uses: 'actions/upload-artifact@v4',
              with: { name: `${slug}-shard-${MATRIX_SHARD}`, path: `shards/shard-${MATRIX_SHARD}` },
            },
          ],
        },
        merge: {
          needs: 'measure',
          'runs-on': settings.runner,
          steps: [
            ...start,
            ...folders.map((path, i) => ({
              uses: 'actions/download-artifact@v4',
              with: { name: `${slug}-shard-${i + 1}`, path },
            })),
            { name: 'Merge', run: shellWords([...assay, 'merge', ...folders, '--out', out]) },
            {
              if: 'always()',
              uses: 'actions/upload-artifact@v4',
              with: { name: slug, path: `${out}\n!${out}/units` },
            },
          ],
        },
      },
    };
    return {
      text: `# Started by hand, from the tab Actions or with \`gh workflow run\`.\n${stringify(workflow, { lineWidth: 0, aliasDuplicateObjects: false })}`,
      next: (file) => {
        const name = /\.ya?ml$/.test(file) ? basename(file) : `${basename(file)}.yml`;
        const there = /(^|\/)\.github\/workflows$/.test(dirname(file)) && file.endsWith(name);
        const workflow = there ? file : `${WORKFLOWS}/${name}`;
        return [
          ...(there ? [] : [`mkdir -p ${WORKFLOWS} && ${shellWords(['mv', '--', file, workflow])}`]),
          shellWords(['git', 'add', workflow]),
          `git commit -m ${shellWord(`Measure ${slug} in ${shards} shards`)} && git push`,
          shellWords(['gh', 'workflow', 'run', name]),
        ];
      },
      notes: ['models and data must come with the repository (Git LFS), or be fetched by a step of your own'],
    };
  },
};

/** Errors: `config-invalid`: GitHub would evaluate them before any shell sees them. */
function refuseExpressions(words: readonly string[]): void {
  const expression = words.find((word) => word.includes('${{'));
  if (expression === undefined) return;
  throw new AssayError('config-invalid', 'a name holds an expression of GitHub Actions', {
    expected: 'no ${{ in names',
    found: JSON.stringify(expression),
    hint: 'rename the file or folder',
  });
}
