/** The SQL of the embedded store, prepared once. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Statements on the tables of `store-file.ts`. */
export interface Statements {
  readonly insert: StatementSync;
  readonly read: StatementSync;
  readonly drop: StatementSync;
  readonly addLease: StatementSync;
  readonly dropLease: StatementSync;
  readonly setCompacted: StatementSync;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
}

/** Prepares the statements; rows come as arrays. */
export function prepareStatements(db: DatabaseSync): Statements {
  const read = db.prepare('SELECT value FROM log WHERE revision = ?');
  read.setReturnArrays(true);
  return {
    insert: db.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?)'),
    read,
    drop: db.prepare('DELETE FROM log WHERE revision = ?'),
    addLease: db.prepare('INSERT INTO lease VALUES (?, ?)'),
    dropLease: db.prepare('DELETE FROM lease WHERE id = ?'),
    setCompacted: db.prepare(`UPDATE meta SET value = ? WHERE name = 'compacted'`),
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
  };
}
