/**
 * Opens the embedded store's SQLite file: its format, its settings, its lock, what can be wrong.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Marks the file as ours: `k8ts` in ASCII. */
const applicationId = 0x6b387473;
/** Raised when an older program could not read the file any more. */
const format = 1;

const schema = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    key      TEXT    NOT NULL,
    created  INTEGER NOT NULL, -- revision of the create, 0 for a delete
    lease    INTEGER NOT NULL,
    value    BLOB              -- last, so that reading the others leaves overflow pages alone
  ) STRICT;
  CREATE TABLE lease (id INTEGER PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('compacted', 0);
`;

/** The store's data directory or file cannot be used; the message says why on one line. */
export class StoreFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreFileError';
  }
}

/** The path of the store's file in a data directory. */
export function storePath(dataDir: string): string {
  return join(dataDir, 'k8ts.db');
}

/**
 * Opens the store in a data directory, which is made when it is missing, and locks it against other
 * processes (a lock of the system: it ends with the process). Throws StoreFileError.
 */
export function openStoreFile(dataDir: string): DatabaseSync {
  const path = storePath(dataDir);
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    // SQLite would create the file readable for all. An existing one must not be opened here:
    // closing it would drop the locks that this process has on it (fcntl(2)).
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    db = new DatabaseSync(path);
    // In this mode the lock is kept once it is taken, and there is no shared memory file.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0');
    if (isNew(db, path)) initialize(db, dataDir);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    // Takes the lock for good. The log grows by about 8 MiB between checkpoints.
    db.exec('BEGIN IMMEDIATE; COMMIT; PRAGMA journal_size_limit = 67108864');
    writeFileSync(join(dataDir, 'pid'), `${process.pid}\n`, { mode: 0o600 });
    return db;
  } catch (error) {
    db?.close();
    throw storeFileError(error, dataDir);
  }
}

/** The error to show for one that SQLite or the file system threw. */
export function storeFileError(error: unknown, dataDir: string): StoreFileError {
  if (error instanceof StoreFileError) return error;
  const path = storePath(dataDir);
  const cause = { cause: error };
  const text = error instanceof Error ? error.message : String(error);
  switch (sqliteCode(error)) {
    case sqlite.busy:
      return new StoreFileError(`data directory ${dataDir} is in use by ${holder(dataDir)}`, cause);
    case sqlite.notADatabase:
      return new StoreFileError(`${path} is not a k8ts store`, cause);
    case sqlite.corrupt:
      return damaged(path, text, cause);
    case undefined:
      // Not from SQLite and not from the system: the content does not fit together.
      if (error instanceof Error && !('code' in error)) return damaged(path, text, cause);
  }
  return new StoreFileError(`cannot use data directory ${dataDir}: ${text}`, cause);
}

/** SQLite's result codes that are told apart (sqlite3.h). */
export const sqlite = { busy: 5, corrupt: 11, full: 13, notADatabase: 26 } as const;

/** The primary result code of an error of node:sqlite; undefined for other errors. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** Whether the file holds nothing yet; throws when it holds something that is not ours. */
function isNew(db: DatabaseSync, path: string): boolean {
  const id = pragma(db, 'application_id');
  const version = pragma(db, 'user_version');
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'];
  if (id === 0 && version === 0 && tables === 0) return true;
  if (id !== applicationId) throw new StoreFileError(`${path} is not a k8ts store`);
  if (version > format) {
    throw new StoreFileError(
      `${path} was written by a newer k8ts (format ${version}, this one reads ${format})`,
    );
  }
  return false;
}

function initialize(db: DatabaseSync, dataDir: string): void {
  // Pages of 8 KiB hold several typical objects. Free pages can be given back to the system.
  db.exec('PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
  db.exec(`BEGIN IMMEDIATE; ${schema}
    PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${format}; COMMIT`);
  // The new file's name must survive a power cut, too.
  const folder = openSync(dataDir, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function damaged(path: string, text: string, cause: ErrorOptions): StoreFileError {
  return new StoreFileError(`${path} is damaged (${text}): restore a snapshot`, cause);
}

function holder(dataDir: string): string {
  try {
    return `another process (pid ${readFileSync(join(dataDir, 'pid'), 'utf8').trim()})`;
  } catch {
    return 'another process';
  }
}
