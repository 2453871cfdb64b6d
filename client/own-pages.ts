/** The pages on which a component tells of itself: its flags, what it is, how its checks come out. */
import { flagz } from '../machinery/pages/flagz.ts';
import { HealthSlis } from '../machinery/pages/health-slis.ts';
import { statusz } from '../machinery/pages/statusz.ts';
import { answerZPage, type ZPage } from '../machinery/pages/z-page.ts';

export interface OwnPagesOptions {
  /** `kube-scheduler`. */
  readonly component: string;
  /** By name, as they are written on a command line. */
  readonly flags: Readonly<Record<string, string>>;
  /** What `/configz` shows: settings by the name of their kind; left out: there is none of these. */
  readonly configz?: () => object;
  /** What else is answered on the same port. */
  readonly paths: readonly string[];
}

export interface OwnPage {
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const slisPath = '/metrics/slis';
const configzPath = '/configz';

export class OwnPages {
  /** To be told of each health check. */
  readonly slis: HealthSlis;
  readonly #zPages: Readonly<Record<string, ZPage>>;
  readonly #configz: (() => object) | undefined;

  constructor({ component, flags, configz, paths }: OwnPagesOptions) {
    this.#configz = configz;
    const startedMs = performance.timeOrigin;
    this.slis = new HealthSlis(startedMs);
    this.#zPages = {
      '/flagz': flagz(component, flags),
      '/statusz': statusz({
        component,
        startedMs,
        runtime: `node${process.version}`,
        paths: [
          ...paths,
          ...(configz === undefined ? [] : [configzPath]),
          slisPath,
          '/flagz',
          '/statusz',
        ],
        now: () => Date.now(),
      }),
    };
  }

  /** The answer to a GET; undefined: it is no page of these. */
  answer(path: string, accept = '', userAgent = ''): OwnPage | undefined {
    if (path === slisPath) {
      const headers = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' };
      return { code: 200, headers, body: this.slis.text() };
    }
    if (path === configzPath && this.#configz !== undefined) {
      const headers = { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' };
      return { code: 200, headers, body: JSON.stringify(this.#configz()) };
    }
    if (!Object.hasOwn(this.#zPages, path)) return undefined;
    // What people read with gets indented JSON.
    const pretty = /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
    const page = answerZPage(this.#zPages[path]!, accept, pretty);
    const { code, contentType, body, warning } = page;
    const told = warning === undefined ? {} : { Warning: warning };
    return { code, headers: { 'Content-Type': contentType, ...told }, body };
  }
}
