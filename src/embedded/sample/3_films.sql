-- Films, actors, and the copies in the stores.

INSERT INTO language SELECT n, name
FROM unnest(string_to_array('English,French,Spanish,German,Italian,Japanese,Korean,Portuguese,Polish,Hindi,Danish,Latvian', ',')) WITH ORDINALITY AS u(name, n);

-- What a genre is like: how often it is made, how gladly it is rented, how long it is kept.
CREATE TEMP TABLE genre (category_id integer, name text, made integer, wanted integer, kept float8, minutes integer);
INSERT INTO genre VALUES
(1, 'Action', 9, 8, 2.6, 112), (2, 'Adventure', 6, 7, 3.2, 116), (3, 'Animation', 5, 8, 4.4, 92), (4, 'Comedy', 11, 8, 3.0, 99),
(5, 'Crime', 7, 6, 2.9, 110), (6, 'Documentary', 5, 2, 4.9, 88), (7, 'Drama', 14, 5, 3.7, 118), (8, 'Family', 6, 7, 4.8, 96),
(9, 'Fantasy', 5, 7, 3.5, 121), (10, 'Horror', 7, 6, 2.1, 93), (11, 'Musical', 3, 3, 4.1, 109), (12, 'Mystery', 5, 5, 3.1, 107),
(13, 'Romance', 7, 5, 3.4, 103), (14, 'Science Fiction', 6, 9, 2.8, 119), (15, 'Thriller', 8, 7, 2.3, 108), (16, 'Western', 2, 2, 3.9, 105);
INSERT INTO category SELECT category_id, name FROM genre ORDER BY category_id;

CREATE TEMP TABLE genre_slot AS
SELECT row_number() OVER (ORDER BY category_id, n)::integer - 1 AS slot, category_id FROM genre, generate_series(1, made) AS n;

-- Titles: 5 shapes of 40 words by 44 words; a step prime to their number deals them without repetition.
CREATE TEMP TABLE making AS
SELECT film_id,
       CASE shape WHEN 0 THEN 'The ' || a || ' ' || b WHEN 1 THEN a || ' ' || b WHEN 2 THEN b || ' of the ' || a || ' Coast'
         WHEN 3 THEN a || ' ' || b || ' for ' || person ELSE person || ' and the ' || a || ' ' || b END AS title,
       a, b, person, category_id, minutes,
       pg_temp.chance('year' || film_id) AS age, pg_temp.chance('wanted' || film_id) AS luck, wanted, kept
FROM (SELECT film_id, (film_id * 3559 % 8800) % 5 AS shape,
             (string_to_array('Silent,Crimson,Golden,Hidden,Broken,Distant,Endless,Frozen,Hollow,Iron,Last,Lonely,Lost,Midnight,Northern,Pale,Paper,Quiet,Restless,Rusty,Scarlet,Second,Secret,Seventh,Shallow,Shattered,Silver,Sleeping,Stolen,Summer,Tangled,Velvet,Wandering,Western,Wicked,Wild,Winter,Wooden,Yellow,Young', ','))
               [1 + film_id * 3559 % 8800 / 5 % 40] AS a,
             (string_to_array('Harbour,Orchard,River,Letter,Garden,Mirror,Station,Bridge,Lantern,Window,Promise,Shadow,Island,Engine,Carnival,Compass,Diary,Echo,Feather,Glacier,Horizon,Journey,Kingdom,Lighthouse,Melody,Nomad,Oracle,Parade,Quarry,Rebellion,Sailor,Tide,Umbrella,Valley,Waltz,Witness,Anchor,Balcony,Canary,Detective,Empire,Fortune,Guitar,Highway', ','))
               [1 + film_id * 3559 % 8800 / 200] AS b,
             pg_temp.pick('Alma,Bruno,Clementine,Dorian,Edith,Fergus,Gloria,Henrik,Ines,Jonah,Kasimir,Leonora,Milo,Nadine,Oscar,Petra', 'person' || film_id) AS person,
             (film_id * 37 + floor(pg_temp.chance('genre' || film_id) * 53)::integer) % (SELECT count(*)::integer FROM genre_slot) AS slot
      FROM generate_series(1, 900) AS film_id) AS s
JOIN genre_slot USING (slot) JOIN genre USING (category_id);

INSERT INTO film
SELECT film_id, title,
       pg_temp.pick('A stubborn,A charming,A forgotten,A reluctant,A brilliant,A restless,A retired,A penniless', 'd1' || film_id) || ' '
         || pg_temp.pick('baker,pilot,librarian,boxer,botanist,teacher,clockmaker,singer,sheriff,astronomer', 'd2' || film_id) || ' must '
         || pg_temp.pick('find,outwit,rescue,forgive,follow,betray,befriend,defend', 'd3' || film_id) || ' a '
         || pg_temp.pick('rival,stranger,childhood friend,smuggler,widow,robot,lost brother,bear', 'd4' || film_id) || ' in '
         || pg_temp.pick('a drowned city,post-war Vienna,the Andes,a desert motel,old Kyoto,a northern fishing port,the last circus,a city without night', 'd5' || film_id),
       2024 - floor(age * age * 74)::integer,
       CASE WHEN category_id = 6 AND film_id % 3 = 0 THEN 2 + film_id % 10 WHEN pg_temp.chance('spoken' || film_id) < 0.64 THEN 1
            ELSE 2 + floor(pg_temp.chance('tongue' || film_id) * pg_temp.chance('tongue2' || film_id) * 10)::integer END,
       CASE WHEN film_id % 97 = 11 THEN NULL WHEN category_id IN (3, 8) THEN pg_temp.pick('G,G,PG', 'rated' || film_id)
            WHEN category_id IN (10, 15) THEN pg_temp.pick('PG-13,R,R,NC-17', 'rated' || film_id)
            ELSE pg_temp.pick('G,PG,PG,PG-13,PG-13,PG-13,R,R', 'rated' || film_id) END::film_rating,
       CASE WHEN film_id % 211 <> 40 THEN minutes - 24 + floor((pg_temp.chance('long' || film_id) + pg_temp.chance('longer' || film_id)) * 32)::integer END,
       CASE WHEN age < 0.2 THEN 4.99 WHEN age < 0.4 THEN 3.99 WHEN age < 0.7 THEN 2.99 ELSE 1.99 END,
       CASE WHEN age < 0.2 THEN 3 WHEN age < 0.55 THEN 5 ELSE 7 END,
       12.99 + floor(pg_temp.chance('cost' || film_id) * 12)
FROM making ORDER BY film_id;

INSERT INTO film_category
SELECT film_id, category_id FROM making
UNION
SELECT film_id, 1 + (category_id + floor(pg_temp.chance('second' || film_id) * 15)::integer) % 16 FROM making WHERE pg_temp.chance('two' || film_id) < 0.22
ORDER BY 1, 2;

INSERT INTO actor
SELECT n, (string_to_array('Ada,Boris,Celeste,Dmitri,Esther,Florence,Gregor,Harriet,Idris,Josephine,Kenji,Lorna,Marlon,Nora,Omar,Penelope,Quentin,Rosalind,Soren,Tamsin', ','))[1 + n * 7 % 20],
       (string_to_array('Ashdown,Bellamy,Castellan,Devereux,Ellery,Fairbank,Galloway,Hawke,Ibarra,Jansen,Kessler,Lindqvist,Montague,Nakamura,Okafor,Prescott,Quill,Ravenna,Stroud,Thorne,Usher,Vance,Wexford', ','))[1 + n * 5 % 23],
       CASE WHEN n % 12 <> 5 THEN date '1938-02-11' + floor(pg_temp.chance('actor born' || n) * 23000)::integer END
FROM generate_series(1, 180) AS n;

-- The first names of the list are stars: they play in many more films. The last three never did.
INSERT INTO film_actor
SELECT film_id, actor_id, row_number() OVER (PARTITION BY film_id ORDER BY role)
FROM (SELECT film_id, 1 + floor(pg_temp.chance('cast' || film_id || '/' || role) * (0.35 + 0.65 * pg_temp.chance('star' || film_id || '/' || role)) * 177)::integer AS actor_id, min(role) AS role
      FROM making, generate_series(1, 4 + film_id % 4) AS role
      WHERE category_id <> 6 OR role < 2
      GROUP BY 1, 2) AS s
ORDER BY film_id, actor_id;

-- Copies: more of what is wanted; sixteen films have none, and a newer format comes in.
CREATE TEMP TABLE demand AS
SELECT film_id, category_id, kept,
       -- About one film in thirty stays on the shelf.
       CASE WHEN film_id % 31 = 17 THEN 0 ELSE 1 + floor(wanted * (0.25 + luck) * (1.35 - age * 0.8))::integer END AS weight
FROM making;

INSERT INTO inventory
SELECT row_number() OVER (ORDER BY acquired_on, store_id, film_id), film_id, store_id,
       CASE WHEN release_year > 2015 AND pg_temp.chance('format' || film_id || '/' || store_id) < 0.3 THEN '4K'
            WHEN release_year > 1995 AND pg_temp.chance('format' || film_id || '/' || store_id) < 0.7 THEN 'Blu-ray' ELSE 'DVD' END::copy_format,
       acquired_on
FROM (SELECT f.film_id, f.release_year, s.store_id,
             greatest(s.opened_on, make_date(f.release_year, 1 + f.film_id % 12, 1),
                      s.opened_on + floor(pg_temp.chance('bought' || f.film_id || '/' || s.store_id) * 700)::integer) AS acquired_on, s.closed_on
      FROM film AS f JOIN demand AS d USING (film_id), store AS s
      WHERE f.film_id % 56 <> 20
        AND pg_temp.chance('stock' || f.film_id || '/' || s.store_id) < 0.18 + d.weight * 0.028 + s.floor_area * 0.0004) AS s
WHERE acquired_on < coalesce(closed_on, date '2024-12-31');
