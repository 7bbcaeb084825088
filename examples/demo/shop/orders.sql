-- A year of orders. The numbers are made by arithmetic, so they are the same on every machine.
create table customer (
  id integer primary key,
  country text not null,
  since date not null
);
create table shop_order (
  id integer primary key,
  customer_id integer not null references customer,
  ordered_on date not null,
  channel text not null,
  is_test boolean not null,
  total numeric(10, 2) not null
);
create table order_line (
  id integer primary key,
  order_id integer not null references shop_order,
  product_id integer not null,
  quantity integer not null,
  amount numeric(10, 2) not null
);
create table refund (
  id integer primary key,
  order_id integer not null, -- no key: some came over from the old till
  refunded_on date not null,
  amount numeric(10, 2) not null
);

insert into customer
select i, (array['Norway', 'Germany', 'France', 'Norway', 'Italy'])[1 + i % 5], date '2024-01-01' + i * 7
from generate_series(1, 120) as i;

insert into shop_order
select i, 1 + (i * 37) % 120, date '2025-07-01' + floor(365 * power((i - 0.5) / 1500, 0.8))::int,
  (array['web', 'web', 'store', 'web', 'phone'])[1 + (i * 13) % 5], i % 50 = 0, 0
from generate_series(1, 1500) as i;

insert into order_line
select row_number() over (order by o.id, n), o.id, p.id, 1 + (o.id * n) % 3, p.price * (1 + (o.id * n) % 3)
from shop_order o
cross join generate_series(1, 3) as n
join (select id, price, row_number() over (order by id) as place, count(*) over () as many from product) p
  on p.place = 1 + (o.id * 7 + n * 29) % p.many
where n <= 1 + o.id % 3;

update shop_order o set total = (select sum(amount) from order_line l where l.order_id = o.id);

insert into refund
select i, case when i % 20 = 0 then 90000 + i else i * 24 end, date '2025-08-01' + i * 5, 15 + (i * 7) % 60
from generate_series(1, 60) as i;
