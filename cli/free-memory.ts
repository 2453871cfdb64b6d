/**
 * Memory that a process does not need goes back to the system. Free memory of the C library's heap:
 * V8's compiler threads and TLS leave holes in it, between buffers that stay, 35 MB in an API server
 * that has warmed up; the library itself gives back only what is free at the heap's end. And what
 * Node keeps of compiled code until it is written to the compile cache, 8 MB.
 */
import { flushCompileCache } from 'node:module';

/** How often is looked whether there may be something to give back. */
const lookMs = 2000;
/** A process that has grown by so much may have grown around holes. */
const grownBytes = 12 * 1024 * 1024;
/** One that has worked for so long may have freed what it had. */
const workedMicros = 5_000_000;

/** What of the process is looked at. */
export interface Usage {
  /** Resident memory. */
  bytes(): number;
  /** CPU time that it has used. */
  micros(): number;
}

/** Looks every now and then from here on. */
export function freeMemory(): void {
  const usage = {
    bytes: () => process.memoryUsage.rss(),
    micros: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
  };
  const trim = heapTrim();
  const free = () => {
    flushCompileCache();
    trim?.();
  };
  setInterval(freeWhenDue(usage, free), lookMs).unref();
}

/** Looks: gives memory back the first time, and when the process has grown or worked enough since. */
export function freeWhenDue(usage: Usage, free: () => void): () => void {
  // What a start leaves is worth it.
  let bytes = 0;
  let micros = 0;
  return () => {
    const now = usage.bytes();
    bytes = Math.min(bytes, now);
    if (now - bytes < grownBytes && usage.micros() - micros < workedMicros) return;
    free();
    bytes = usage.bytes();
    micros = usage.micros();
  };
}

/**
 * glibc's malloc_trim, a matter of milliseconds; undefined with another C library, or a Node that
 * cannot call it (its interface is experimental).
 */
function heapTrim(): (() => void) | undefined {
  try {
    const { functions } = process.getBuiltinModule('node:ffi').dlopen(null, {
      malloc_trim: { arguments: ['u64'], return: 'i32' },
    });
    const trim = () => void functions.malloc_trim(0n);
    trim();
    return trim;
  } catch {
    return undefined;
  }
}
