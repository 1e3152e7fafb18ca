import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Files of slow tests that are left out. */
    slow: number;
  }
}

/** Says once, at the end, that not every test was run. */
export default function setup(project: TestProject): () => void {
  const { slow } = project.getProvidedContext();
  return () => {
    if (!project.isRootProject()) return;
    console.log(`${slow} files of slow tests were left out: \`npm run test:all\` runs them as well`);
  };
}
