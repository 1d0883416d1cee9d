/**
 * The tables of the application. Each tenant is a stream of the cluster: triggers copy its row to
 * `reprise_streams`, in the transaction that changes it.
 */
export const tables = `
create table tenant (name text primary key, region text not null) strict;

create trigger tenant_comes after insert on tenant begin
  insert into reprise_streams values (new.name, json_object('region', new.region));
end;
create trigger tenant_changes after update of region on tenant begin
  update reprise_streams set spec = json_object('region', new.region) where key = new.name;
end;
create trigger tenant_goes after delete on tenant begin
  delete from reprise_streams where key = old.name;
end;

create table price (tenant text, region text, number integer, price text) strict;
`;

/** The counts of each tenant, also of those that have gone. */
export const count = `
select tenant, count(*) as prices, count(*) - count(distinct number) as twice,
  max(number) - count(distinct number) as missing
from price group by tenant order by tenant`;

export interface Count {
  readonly tenant: string;
  readonly prices: number;
  readonly twice: number;
  /** Up to its last price. */
  readonly missing: number;
}
