/** The images of local clusters: what each is called, what it runs, how its files come about. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyBinary, stagePackages } from './debian-stage.ts';
import type { ImageConfig } from './oci-layout.ts';

/** One image. `build` fills an empty folder with the files of its only layer. */
export interface ImageRecipe {
  readonly name: string;
  /** Full names, `registry/repository:tag`. */
  readonly references: readonly string[];
  readonly config: ImageConfig;
  build(rootfs: string, cache: string): void;
}

const tagged = (repository: string, ...tags: string[]): string[] =>
  tags.map((tag) => `${repository}:${tag}`);

/** Waits for a signal and reaps what is orphaned to it, as process 1 of a pod must. */
const pauseSource = `
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void quit(int s) { _exit(s == SIGINT ? 130 : 0); }
static void reap(int s) { (void)s; while (waitpid(-1, 0, WNOHANG) > 0) {} }
int main(void) {
  struct sigaction q = {.sa_handler = quit}, r = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  sigaction(SIGINT, &q, 0); sigaction(SIGTERM, &q, 0); sigaction(SIGCHLD, &r, 0);
  for (;;) pause();
}
`;

const users = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nginx:x:101:101:nginx:/nonexistent:/bin/false
redis:x:999:999:redis:/data:/bin/false
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
`;
const groups = users.replace(/^([\w-]+):x:\d+:(\d+):.*$/gm, '$1:x:$2:');

function file(rootfs: string, path: string, content: string, mode = 0o644): void {
  const full = join(rootfs, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
  chmodSync(full, mode);
}

/** busybox with bash as sh (names like `data-1` stay in the environment) and GNU wget. */
function userland(rootfs: string, cache: string): string {
  const stage = stagePackages(
    ['busybox-static', 'bash', 'wget', 'netcat-openbsd', 'nginx', 'redis-server', 'redis-tools'],
    cache,
  );
  for (const dir of [
    'bin',
    'sbin',
    'usr/bin',
    'etc',
    'root',
    'home',
    'tmp',
    'var/www',
    'var/run',
  ]) {
    mkdirSync(join(rootfs, dir), { recursive: true });
  }
  chmodSync(join(rootfs, 'tmp'), 0o1777);
  copyBinary(stage, '/bin/busybox', rootfs);
  copyBinary(stage, '/bin/bash', rootfs);
  copyBinary(stage, '/usr/bin/wget', rootfs, '/bin/wget');
  copyBinary(stage, '/bin/nc.openbsd', rootfs, '/bin/nc');
  symlinkSync('bash', join(rootfs, 'bin/sh'));
  symlinkSync('../../bin/env', join(rootfs, 'usr/bin/env'));
  const own = new Set(['sh', 'bash', 'wget', 'nc', 'busybox', 'init', 'linuxrc']);
  const applets = execFileSync(join(rootfs, 'bin/busybox'), ['--list'], { encoding: 'utf8' });
  for (const applet of applets.trim().split('\n')) {
    if (!own.has(applet)) symlinkSync('busybox', join(rootfs, 'bin', applet));
  }
  file(rootfs, 'etc/passwd', users);
  file(rootfs, 'etc/group', groups);
  file(rootfs, 'etc/nsswitch.conf', 'hosts: files dns\n');
  return stage;
}

const nginxConf = `user nginx;
worker_processes 1;
error_log /dev/stderr notice;
pid /var/run/nginx.pid;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /dev/stdout;
  client_body_temp_path /tmp/client_temp;
  proxy_temp_path /tmp/proxy_temp;
  fastcgi_temp_path /tmp/fastcgi_temp;
  uwsgi_temp_path /tmp/uwsgi_temp;
  scgi_temp_path /tmp/scgi_temp;
  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
`;
const nginxServer = `server {
  listen 80;
  listen [::]:80;
  server_name localhost;
  location / {
    root /usr/share/nginx/html;
    index index.html;
  }
}
`;
const mimeTypes = `types {
  text/html html htm;
  text/css css;
  text/plain txt;
  text/xml xml;
  application/javascript js;
  application/json json;
  image/png png;
  image/svg+xml svg;
  image/jpeg jpeg jpg;
}
`;
const welcome = `<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1></body>
</html>
`;

function nginx(rootfs: string, cache: string): void {
  const stage = userland(rootfs, cache);
  copyBinary(stage, '/usr/sbin/nginx', rootfs);
  file(rootfs, 'etc/nginx/nginx.conf', nginxConf);
  file(rootfs, 'etc/nginx/mime.types', mimeTypes);
  file(rootfs, 'etc/nginx/conf.d/default.conf', nginxServer);
  file(rootfs, 'usr/share/nginx/html/index.html', welcome);
  for (const dir of ['var/log/nginx', 'var/lib/nginx']) {
    mkdirSync(join(rootfs, dir), { recursive: true });
  }
}

function redis(rootfs: string, cache: string): void {
  const stage = userland(rootfs, cache);
  copyBinary(stage, '/usr/bin/redis-check-rdb', rootfs, '/usr/bin/redis-server');
  copyBinary(stage, '/usr/bin/redis-cli', rootfs);
  mkdirSync(join(rootfs, 'data'));
}

function pause(rootfs: string): void {
  execFileSync('gcc', ['-Os', '-static', '-s', '-x', 'c', '-', '-o', join(rootfs, 'pause')], {
    input: pauseSource,
  });
}

/** Every image that is made, in order. */
export const recipes: readonly ImageRecipe[] = [
  {
    name: 'pause',
    references: tagged('registry.k8s.io/pause', '3.10', '3.10.1', '3.9'),
    config: { entrypoint: ['/pause'], user: '65535:65535' },
    build: pause,
  },
  {
    name: 'busybox',
    references: [
      ...tagged('docker.io/library/busybox', 'latest', '1.36', '1.36.1', '1.28', '1.37', '1'),
      ...tagged('registry.k8s.io/e2e-test-images/busybox', '1.29-4', '1.36.1-1', '1.37.0-1'),
    ],
    config: { cmd: ['sh'] },
    build: (rootfs, cache) => void userland(rootfs, cache),
  },
  {
    name: 'nginx',
    references: tagged(
      'docker.io/library/nginx',
      ...[
        'latest',
        '1.14.2',
        '1.16.0',
        '1.16.1',
        '1.25',
        '1.27',
        '1.27.0',
        '1.28',
        'stable',
        'alpine',
      ],
    ),
    config: {
      cmd: ['nginx', '-g', 'daemon off;'],
      exposedPorts: ['80/tcp'],
      stopSignal: 'SIGQUIT',
    },
    build: nginx,
  },
  {
    name: 'redis',
    references: tagged(
      'docker.io/library/redis',
      ...['latest', '7', '7.0', '7.2', '7-alpine', 'alpine', '6.0.5'],
    ),
    config: {
      // Without a command line the server protects itself against other hosts.
      cmd: ['redis-server', '--protected-mode', 'no', '--bind', '*', '-::*'],
      workingDir: '/data',
      exposedPorts: ['6379/tcp'],
    },
    build: redis,
  },
];
