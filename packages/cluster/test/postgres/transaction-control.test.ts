import { describe, expect, test } from '@jest/globals';

import { refusalOf } from '../../src/postgres/transaction-control.ts';

describe('a statement of a handler', () => {
  test.each([
    'begin',
    'BEGIN;',
    '  begin isolation level serializable',
    'start transaction',
    'start\n\ttransaction read only',
    'commit',
    'Commit work;',
    'commit and chain',
    "commit prepared 'x'",
    'end',
    'END;',
    'end transaction',
    'abort',
    'rollback',
    'rollback;',
    'rollback work',
    'rollback and chain',
    "rollback prepared 'x'",
    "prepare transaction 'x'",
    '/* x */ commit',
    '/* a /* nested */ comment */ commit',
    '-- a comment\ncommit',
    '-- one\r-- two\n/* three */\n  commit',
    '; commit',
    ';;commit;;',
    'rollback /* to x */',
    'rollback -- to x',
  ])('TX-07 is refused if it ends the transaction: %j', (text) => {
    expect(refusalOf(text)).toMatch(/leaves the transaction open/);
  });

  test.each([
    'select 1; commit',
    'select 1; select 2',
    "select ';'; commit",
    "select 'it''s'; commit",
    String.raw`select E'\''; commit`,
    String.raw`select '\'; commit; --'`,
    'select "a;b"; commit',
    'select $$ ; $$; commit',
    'select $x$ $$ ; $x$; commit',
    'select 1 /* ; */; commit',
    'select 1 -- ;\n; commit',
    'savepoint a; commit',
    'select $1; commit',
    "select $1, '$1$'; commit; select '$1$'",
  ])('TX-07 is refused if it is two: %j', (text) => {
    expect(refusalOf(text)).toMatch(/one statement/);
  });

  test.each([
    'select 1',
    'select 1;',
    ' ; select 1 ; ',
    'savepoint a',
    'rollback to a',
    'rollback to savepoint a',
    'ROLLBACK WORK TO SAVEPOINT a',
    'rollback /* x */ to a',
    'rollback transaction to a;',
    'release savepoint a',
    "insert into t values ('commit; rollback')",
    String.raw`insert into t values (E'\'; commit; \'')`,
    String.raw`insert into t values ('\')`,
    'insert into t values ($$; commit$$)',
    'insert into t values ($tag$; commit $$ $tag$)',
    'insert into t values ($1, $2)',
    'select 1 /* ; commit */',
    'select 1 -- ; commit',
    'select "; commit" from t',
    'with begin as (select 1) select * from begin',
    'commitment',
    'prepare p as select 1',
    'ending',
    '',
    '-- nothing',
    'select 1 /* unfinished ; commit',
    "select 'é', 'ünïcode; ', \"naïve\"",
  ])('TX-07 is sent: %j', (text) => {
    expect(refusalOf(text)).toBeUndefined();
  });
});
