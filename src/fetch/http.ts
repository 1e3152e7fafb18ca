import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { interruption } from '../concurrency.js';
import { AssayError } from '../errors.js';

/** How long is waited for a server, in ms. */
export interface Patience {
  /** For an answer, and for more of it. */
  stall: number;
  /** Before the second attempt; twice as long before each one after that. */
  backoff: number;
  /** Attempts in a row that bring nothing. */
  attempts: number;
}

export const PATIENCE: Patience = { stall: 60_000, backoff: 1000, attempts: 5 };

const REDIRECTS = 10;

/** What a server answered. */
export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: AsyncIterable<Uint8Array>;
  /** Where redirects led to, without passwords. */
  url: string;
  /** To be called when no more of it is read. */
  drop(): void;
}

/** What a user can do who is not given a file, in words. */
export interface Advice {
  /** The beginning of a sentence. */
  copy: string;
  /** Where a password goes. */
  login: string;
}

/** Of data sets that have a name. */
const OF_MIRRORS: Advice = {
  copy: 'name a copy with --mirror',
  login: 'put it into the address of the mirror, https://NAME:PASSWORD@HOST/',
};

/** Of one that is to come from a mirror already. */
export const ON_MIRROR: Advice = {
  ...OF_MIRRORS,
  copy: 'put a copy that was pulled with --keep-archive on the mirror, or leave --mirror (ASSAY_DATA_MIRROR) out',
};

/** Why a server gave nothing. */
export class Refusal extends Error {
  /**
   * @param passing whether trying again may help
   * @param hint what a user can do
   * @param waitMs how long the server wants to be left alone
   */
  constructor(
    message: string,
    readonly passing: boolean,
    readonly hint?: string,
    readonly waitMs?: number,
  ) {
    super(message);
  }
}

/**
 * Asks servers for files, through the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name. Redirects are followed, some
 * of them, to http and https only; a password in an address goes to its own server and to no other.
 */
export class Http {
  constructor(
    readonly patience: Patience,
    private readonly signal: AbortSignal,
    readonly advice = OF_MIRRORS,
  ) {}

  /** Errors: `Refusal`; `interrupted`; `config-invalid` for an address that is none. */
  async get(address: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const first = addressOf(address);
    let url = first;
    for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
      const own = url.origin === first.origin ? loginOf(first) : undefined;
      const answer = await this.ask(url, { ...headers, ...(own && { authorization: own }) });
      const { location } = answer.headers;
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      answer.drop();
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (!next || !isWeb(next))
        throw new Refusal(
          `${bare(url)} redirects to ${location.slice(0, 200)}, which is no http address`,
          false,
        );
      url = next;
    }
    throw new Refusal(`${bare(first)} redirects more than ${REDIRECTS} times`, false);
  }

  /** One request. */
  private async ask(url: URL, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const shown = bare(url);
    const request = (url.protocol === 'https:' ? https : http).get(shown, {
      agent: agentFor(url),
      signal: this.signal,
      headers: { 'user-agent': 'assay', 'accept-encoding': 'identity', ...headers },
    });
    const response = await this.response(request).catch((cause) => {
      throw this.failure(cause, shown);
    });
    const { stall } = this.patience;
    response.setTimeout(stall, () => response.destroy(new Stalled()));
    // What is dropped unread may still report it.
    response.on('error', () => undefined);
    const failure = (cause: unknown) => this.failure(cause, shown);
    return {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value[0] : value,
        ]),
      ),
      url: shown,
      drop: () => response.destroy(),
      body: {
        async *[Symbol.asyncIterator]() {
          try {
            yield* response as AsyncIterable<Uint8Array>;
          } catch (cause) {
            throw failure(cause);
          }
        },
      },
    };
  }

  private response(request: ClientRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => request.destroy(new Stalled()), this.patience.stall);
      // Errors after the answer come through it.
      request
        .on('error', reject)
        .on('response', resolve)
        .on('close', () => clearTimeout(timer));
      request.on('response', () => clearTimeout(timer));
    });
  }

  private failure(cause: unknown, url: string): Error {
    if (this.signal.aborted) return interruption(this.signal);
    if (cause instanceof Stalled)
      return new Refusal(`${url} sent nothing for ${this.patience.stall / 1000} s`, true, WAIT);
    const { code = '', message, errors = [] } = cause as NodeJS.ErrnoException & { errors?: Error[] };
    const text = message || errors[0]?.message || code;
    const untrusted = CERTIFICATE.test(`${code} ${text}`);
    return new Refusal(`${url}: ${text}`, !untrusted, untrusted ? AUTHORITY : offline(this.advice));
  }
}

class Stalled extends Error {}

/** Through which proxy, if any. Errors: `config-invalid` for one that is no address. */
export function agentFor(url: URL) {
  const proxy = getProxyForUrl(url.href);
  if (!proxy) return undefined;
  if (!URL.canParse(proxy))
    throw new AssayError('config-invalid', 'the proxy of the environment is no address', {
      path: `${url.protocol.slice(0, -1).toUpperCase()}_PROXY`,
      expected: 'an address such as http://proxy.example.org:3128',
      hint: 'correct or unset that variable',
    });
  return url.protocol === 'https:' ? new HttpsProxyAgent(proxy) : new HttpProxyAgent(proxy);
}

/** What name and password in an address are to its server. */
function loginOf({ username, password }: URL): string | undefined {
  if (!username && !password) return undefined;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

const CERTIFICATE = /CERT|certificate|SELF_SIGNED/;
const AUTHORITY =
  "the certificate is not trusted: if it is your network's own, name its authority in NODE_EXTRA_CA_CERTS";
const WAIT = 'run the same command again later: what was fetched is kept';
const offline = ({ copy }: Advice) =>
  `check the connection; behind a proxy set HTTPS_PROXY and HTTP_PROXY, in a closed network ${copy}`;

const isWeb = ({ protocol }: URL) => protocol === 'http:' || protocol === 'https:';

/** An address as it may be shown. */
function bare(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

/** Errors: `config-invalid`. */
export function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && isWeb(url)) return url;
  throw new AssayError('config-invalid', 'this is no address of a server', {
    path: '--mirror',
    expected: 'an address such as https://mirror.example.org/data, or a folder',
    found: text,
  });
}
