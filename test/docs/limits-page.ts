import { limits } from '../../src/bytes/limits.js';

/** docs/limits.md: the table of limits. */
export function limitsPage(): string {
  const rows = Object.values(limits).map(
    ({ of, value, reason, instead }) => `| ${value.toLocaleString('en')} | ${of} | ${reason} | ${instead} |`,
  );
  return `# Limits on what is read

Written by \`npm run docs\` from \`src/bytes/limits.ts\`. [Safety](safety.md) says what they are for.

| at most | of | why | what to do instead |
|---|---|---|---|
${rows.join('\n')}
`;
}
