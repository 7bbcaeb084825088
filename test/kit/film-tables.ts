import type { SourceInput } from './postgres-source.ts'

/** Films with a look-up, a join table, children and their children. */
export const filmTables = `
  create table language (language_id int primary key, name text, noise int default 0);
  create table film (film_id int primary key, title text, language_id int references language);
  create table actor (actor_id int primary key, first_name text);
  create table film_actor (actor_id int references actor, film_id int references film, primary key (actor_id, film_id));
  create table review (review_id bigint primary key, film_id int references film, author text, created_at timestamptz, noise int);
  create table reply (reply_id int primary key, review_id bigint references review on delete cascade, words text);
  create index on film (language_id); create index on film_actor (film_id); create index on review (film_id); create index on reply (review_id);
  alter table review replica identity full; alter table reply replica identity full;
  insert into language values (1, 'English'), (2, 'Dutch');
  insert into film values (1, 'Academy', 1), (2, 'Zorro', 2), (3, 'Mute', null);
  insert into actor values (1, 'PENELOPE'), (2, 'NICK'), (10, 'ED');
  insert into film_actor values (10, 1), (1, 1), (2, 2), (1, 2);
  insert into review values (9007199254740993, 1, 'ann', '2024-01-02 03:04:05.123456+00'), (5, 1, 'bob', '2024-02-02 00:00:00+00');
  insert into reply values (1, 5, 'why?'), (2, 5, 'indeed');`

export const films = (mode: 'poll' | 'snapshot' | 'stream'): SourceInput => ({
  table: 'public.film',
  mode,
  with: {
    language: { table: 'public.language', columns: ['name'] },
    actors: { table: 'actor', through: 'film_actor' },
    reviews: {
      table: 'review',
      order: 'created_at desc',
      columns: ['author', 'review_id', 'created_at'],
      with: { replies: { table: 'reply', columns: ['words'] } },
    },
  },
})
