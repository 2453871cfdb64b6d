import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { decode, encode, type RecordType } from 'dns-packet';
import { silentLog } from '../client/log.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import { Forwarder } from './forwarder.ts';
import { LoopProbe } from './loop-probe.ts';
import { encodeResponse, parseQuery } from './message.ts';
import { DnsMetrics } from './metrics.ts';
import { Records } from './records.ts';
import { parseResolvConf, parseUpstream, type Upstream } from './resolv-conf.ts';
import { Resolver } from './resolver.ts';
import { listen } from './server.ts';

const local = { address: '127.0.0.1', port: 0 };

function query(name: string, type: RecordType = 'A', payloadBytes = 0): Buffer {
  const opt = {
    type: 'OPT' as const,
    name: '.',
    udpPayloadSize: payloadBytes,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  const additionals = payloadBytes === 0 ? [] : [opt];
  return encode({
    type: 'query',
    id: 4711,
    flags: 0x0100,
    questions: [{ name, type }],
    additionals,
  });
}

function askUdp(port: number, message: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (answer) => {
      socket.close();
      resolve(answer);
    });
    socket.send(message, port, '127.0.0.1');
  });
}

function askTcp(port: number, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received: Buffer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      socket.destroy();
      resolve(received.subarray(2));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length, 0);
    // In two pieces, as networks may deliver it.
    socket.write(Buffer.concat([length, message.subarray(0, 5)]));
    socket.write(message.subarray(5));
  });
}

function make(upstreams: readonly Upstream[], endpoints = 0) {
  const records = new Records(1);
  records.setNamespace('ns');
  const metadata = { name: 'many', namespace: 'ns' };
  records.setService({ metadata, spec: { clusterIP: 'None' } });
  const external = { type: 'ExternalName', externalName: 'example.com' };
  records.setService({ metadata: { name: 'out', namespace: 'ns' }, spec: external });
  records.setSlice({
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'many' } },
    addressType: 'IPv4',
    endpoints: Array.from({ length: endpoints }, (_, i) => ({ addresses: [`10.244.1.${i}`] })),
  });
  const forwarder = new Forwarder({ clock: systemClock, upstreams, timeoutMs: 100 });
  const probe = new LoopProbe(forwarder, silentLog);
  const resolver = new Resolver({
    view: records,
    zone: () => ({ name: 'cluster.local', ttlSeconds: 5, serverIps: [] }),
    forwarder,
    metrics: new DnsMetrics(),
    isReady: () => true,
    isProbe: (name) => probe.isProbe(name),
  });
  return { resolver, forwarder, probe };
}

/** A server for names outside: example.com has an address, all else does not exist. */
function outside() {
  return listen(local, async (message) => {
    const parsed = parseQuery(message);
    if (parsed === undefined || 'refuse' in parsed) return undefined;
    const { name } = parsed.question;
    const known = name === 'example.com';
    const record = { type: 'A' as const, name, ttl: 60, data: '192.0.2.1' };
    const response = {
      code: known ? ('NOERROR' as const) : ('NXDOMAIN' as const),
      authoritative: true,
      recursive: false,
      answers: known ? [record] : [],
      authorities: [],
      additionals: [],
    };
    return encodeResponse(parsed, response, 512);
  });
}

describe('dns server', () => {
  it('cuts long answers over UDP and sends them whole over TCP', async () => {
    const { resolver } = make([], 60);
    await using server = await listen(local, (m, p) => resolver.resolve(m, p));
    const plain = decode(await askUdp(server.port, query('many.ns.svc.cluster.local')));
    assert.equal(plain.flag_tc, true);
    assert.equal(plain.id, 4711);
    assert.equal(plain.flag_aa, true);
    assert.ok((plain.answers?.length ?? 0) > 20);
    const edns = decode(await askUdp(server.port, query('many.ns.svc.cluster.local', 'A', 4096)));
    assert.equal(edns.flag_tc, false);
    assert.equal(edns.answers?.length, 60);
    assert.equal(edns.additionals?.[0]?.type, 'OPT');
    const tcp = decode(await askTcp(server.port, query('many.ns.svc.cluster.local')));
    assert.equal(tcp.flag_tc, false);
    assert.equal(tcp.answers?.length, 60);
    assert.equal(tcp.answers?.[0]?.name, 'many.ns.svc.cluster.local');
  });

  it('asks others for other names, and follows external names', async () => {
    await using upstream = await outside();
    const { resolver } = make([{ address: '127.0.0.1', port: upstream.port }]);
    await using server = await listen(local, (m, p) => resolver.resolve(m, p));
    const found = decode(await askUdp(server.port, query('example.com')));
    assert.equal(found.id, 4711);
    assert.deepEqual(
      found.answers?.map((a) => 'data' in a && a.data),
      ['192.0.2.1'],
    );
    const missing = await askTcp(server.port, query('nothere.example.org'));
    assert.equal(missing.readUInt8(3) & 0xf, 3);
    const alias = decode(await askUdp(server.port, query('out.ns.svc.cluster.local')));
    assert.deepEqual(
      alias.answers?.map((a) => `${a.type} ${'data' in a ? String(a.data) : ''}`),
      ['CNAME example.com', 'A 192.0.2.1'],
    );
  });

  it('answers SERVFAIL when nobody outside answers', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const { resolver } = make([{ address: '127.0.0.1', port: silent.address().port }]);
    const answer = await resolver.resolve(query('example.com'), 'udp');
    silent.close();
    assert.equal(answer!.readUInt8(3) & 0xf, 2);
  });

  it('notices servers that ask us back', async () => {
    let resolve = (_message: Buffer): Promise<Buffer | undefined> => Promise.resolve(undefined);
    await using server = await listen(local, (message) => resolve(message));
    const { resolver, forwarder, probe } = make([{ address: '127.0.0.1', port: server.port }]);
    resolve = (message) => resolver.resolve(message, 'udp');
    await probe.run();
    assert.deepEqual(forwarder.upstreams, []);
  });

  it('turns down what is no question', () => {
    assert.equal(parseQuery(Buffer.alloc(5)), undefined);
    const answer = query('a.b');
    answer.writeUInt16BE(0x8100, 2);
    assert.equal(parseQuery(answer), undefined);
    const update = query('a.b');
    update.writeUInt16BE(0x2800, 2);
    assert.deepEqual(parseQuery(update), { refuse: 'NOTIMP', id: 4711 });
    assert.deepEqual(parseQuery(query('a.b').subarray(0, 14)), { refuse: 'FORMERR', id: 4711 });
  });

  it('reads resolv.conf', () => {
    const text =
      '# x\nnameserver 10.0.0.1\nsearch a\nnameserver fe80::1%eth0\nnameserver 10.96.0.10\n';
    assert.deepEqual(parseResolvConf(text, new Set(['10.96.0.10'])), [
      { address: '10.0.0.1', port: 53 },
      { address: 'fe80::1%eth0', port: 53 },
    ]);
    assert.deepEqual(parseUpstream('[fd00::1]:5353'), { address: 'fd00::1', port: 5353 });
    assert.throws(() => parseUpstream('example.com'), /not an address/);
  });
});
