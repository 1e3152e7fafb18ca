import type { NamedSet } from './named-set.js';

/** What is kept beside a data set: whose it is, how it may be used, how to cite it, and where it is from. */
export function licenceText({ title, home, licence, citation, files, checksums, note }: NamedSet): string {
  return `${title}
${home}

Licence
${licence}

Cite
${citation}
${note === undefined ? '' : `\nNote\n${note}\n`}
Made of these files, whose sizes and checksums are from ${checksums}
${files.map(({ urls, size, sha256 }) => `${urls[0]}\n  ${size} bytes, sha256 ${sha256}`).join('\n')}
`;
}
