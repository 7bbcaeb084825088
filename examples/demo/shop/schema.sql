-- The database of a small kitchen shop, as it could have been for years: nothing in it knows of Aquifer.
create table product (
  id integer primary key,
  name text not null,
  category text not null,
  description text not null,
  price numeric(8, 2) not null,
  in_stock boolean not null,
  updated_at timestamptz not null default now()
);

create table help_article (
  id integer primary key,
  topic text not null,
  title text not null,
  body text not null,
  updated_at timestamptz not null default now()
);

-- What suppliers grant is not for customers: each row says which groups of staff may read it.
create table supplier_term (
  id integer primary key,
  supplier text not null,
  terms text not null,
  visible_to text[] not null,
  updated_at timestamptz not null default now()
);

create index on product (updated_at);
create index on help_article (updated_at);
create index on supplier_term (updated_at);
