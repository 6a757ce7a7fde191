-- Places, stores, staff and customers. Lists stand in columns split at commas, one line a country.

-- A number from 0 up to 1 that looks like chance and never changes.
CREATE FUNCTION pg_temp.chance(key text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || substr(md5(key), 1, 7))::bit(28)::integer / 268435456::float8 $$;

-- One of the list's entries.
CREATE FUNCTION pg_temp.pick(list text, key text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT (string_to_array(list, ','))[1 + floor(pg_temp.chance(key) * cardinality(string_to_array(list, ',')))::integer] $$;

CREATE TEMP TABLE culture (country_id integer, name text, continent text, cities text, populations text, streets text, dial text, first_names text, last_names text);
INSERT INTO culture VALUES
(1, 'Portugal', 'Europe', 'Lisbon,Porto,Braga,Coimbra,Setúbal', '545923,231800,193333,140796,', 'Rua Augusta,Rua das Flores,Avenida da Liberdade,Rua do Ouro,Travessa do Carmo,Rua da Saudade', '+351',
 'Maria,João,Ana,Rui,Inês,Tiago,Beatriz,Pedro,Catarina,Miguel,Sofia,Duarte,Leonor,Gonçalo,Marta,Nuno,Rita,Vasco,Teresa,Diogo',
 'Silva,Santos,Ferreira,Pereira,Oliveira,Costa,Rodrigues,Martins,Sousa,Fernandes,Gonçalves,Gomes,Lopes,Marques,Almeida,Ribeiro,Pinto,Carvalho,Teixeira,Moreira'),
(2, 'Canada', 'North America', 'Toronto,Vancouver,Hamilton,Ottawa,Victoria', '2794356,662248,569353,1017449,91867', 'King Street,Queen Street,Granville Street,Bloor Street,Maple Avenue,Spadina Avenue', '+1',
 'Liam,Charlotte,Noah,Amelia,Ethan,Chloé,Lucas,Mei,Aiden,Zoe,Mason,Priya,Logan,Hannah,Caleb,Audrey,Owen,Nadia,Felix,Simone',
 'Tremblay,MacDonald,Chen,Roy,Campbell,Gagnon,Singh,Wong,Fraser,Bouchard,Morrison,Lam,Gauthier,Reid,Stewart,Patel,Leblanc,Murray,Cameron,Dhillon'),
(3, 'United Kingdom', 'Europe', 'Leeds,York,Bradford,Sheffield,Manchester', '536280,141685,333950,500535,568996', 'Albion Place,Station Road,Mill Lane,Park Row,Church Street,Victoria Road', '+44',
 'Oliver,Amelia,George,Isla,Harry,Freya,Arthur,Poppy,Alfie,Imogen,Reuben,Maisie,Theo,Niamh,Callum,Beth,Hugh,Zara,Rhys,Edith',
 'Smith,Jones,Taylor,Brown,Wilson,Davies,Evans,Thomas,Hughes,Walker,Wright,Hall,Green,Clarke,Khan,Turner,Hill,Cooper,Ward,Shaw'),
(4, 'United States', 'North America', 'Portland,Austin,Salem,Eugene,San Antonio', '652503,961855,175535,176654,1434625', 'Main Street,Hawthorne Boulevard,Congress Avenue,Cedar Street,Alder Street,Riverside Drive', '+1',
 'James,Emma,Michael,Olivia,William,Ava,Daniel,Sophia,Marcus,Harper,Elijah,Aaliyah,Jackson,Grace,Carlos,Lily,Wyatt,Naomi,Andre,Ruth',
 'Johnson,Williams,Miller,Davis,Garcia,Martinez,Anderson,Jackson,White,Harris,Lewis,Robinson,Young,Allen,King,Scott,Nguyen,Baker,Adams,Nelson'),
(5, 'France', 'Europe', 'Lyon,Lille,Grenoble,Saint-Étienne,Villeurbanne', '522250,236234,157477,,159246', 'Rue de la République,Rue Mercière,Quai Saint-Antoine,Rue Victor Hugo,Place Bellecour,Rue des Marronniers', '+33',
 'Louis,Camille,Jules,Manon,Hugo,Léa,Gabriel,Inès,Raphaël,Clara,Antoine,Élodie,Mathis,Anaïs,Théo,Juliette,Bastien,Océane,Rémi,Margaux',
 'Martin,Bernard,Dubois,Thomas,Robert,Richard,Petit,Durand,Leroy,Moreau,Simon,Laurent,Lefèvre,Michel,Roux,Fournier,Girard,Bonnet,Mercier,Lambert'),
(6, 'Poland', 'Europe', 'Kraków,Łódź,Tarnów,Katowice,Rzeszów', '803282,664071,103960,279190,197181', 'ulica Floriańska,ulica Długa,ulica Karmelicka,ulica Szewska,aleja Mickiewicza,ulica Grodzka', '+48',
 'Jan,Zofia,Antoni,Zuzanna,Jakub,Hanna,Szymon,Maja,Filip,Oliwia,Wojciech,Alicja,Mikołaj,Katarzyna,Paweł,Magdalena,Tomasz,Agnieszka,Łukasz,Ewa',
 'Nowak,Kowalski,Wiśniewski,Wójcik,Kowalczyk,Kamiński,Lewandowski,Zieliński,Szymański,Woźniak,Dąbrowski,Kozłowski,Mazur,Jankowski,Kwiatek,Krawczyk,Piotrowski,Grabowski,Pawlak,Michalak'),
(7, 'Australia', 'Oceania', 'Melbourne,Geelong,Ballarat,Bendigo,Hobart', '4917750,253269,105471,100649,', 'Swanston Street,Collins Street,Lygon Street,Sydney Road,Chapel Street,Brunswick Street', '+61',
 'Jack,Matilda,Cooper,Ruby,Lachlan,Sienna,Angus,Evie,Darcy,Willow,Hamish,Georgia,Riley,Tahlia,Banjo,Imelda,Flynn,Jasmine,Mitchell,Heidi',
 'Kelly,Ryan,Mitchell,Morris,Murphy,Bell,Watson,Cook,Edwards,Bailey,Richardson,Cox,Howard,Barker,Le,Tran,Papadopoulos,Rossi,Fletcher,Hayes'),
(8, 'Germany', 'Europe', 'Hamburg,Bremen,Lübeck,Kiel,Hanover', '1906411,569396,218095,247717,536925', 'Reeperbahn,Lange Reihe,Elbchaussee,Schanzenstraße,Mühlenweg,Bahnhofstraße', '+49',
 'Lukas,Mia,Finn,Emilia,Jonas,Lina,Paul,Greta,Maximilian,Frieda,Jürgen,Käthe,Sebastian,Jana,Matthias,Ulrike,Tobias,Wiebke,Florian,Anneke',
 'Müller,Schmidt,Schneider,Fischer,Weber,Meyer,Wagner,Becker,Schulz,Hoffmann,Schäfer,Koch,Bauer,Richter,Klein,Wolf,Schröder,Neumann,Schwarz,Petersen'),
(9, 'Spain', 'Europe', 'Vigo,Badajoz,Salamanca', '293837,150610,144228', 'Calle Mayor,Calle Real,Avenida de España', '+34',
 'Lucía,Javier,Carmen,Álvaro,Elena,Sergio,Núria,Iker,Paula,Andrés',
 'García,Fernández,González,López,Sánchez,Pérez,Gómez,Martín,Jiménez,Ruiz'),
(10, 'Belgium', 'Europe', 'Tournai,Kortrijk,Mouscron', '69554,79718,', 'Grand-Place,Rue Royale,Leiestraat', '+32',
 'Arthur,Louise,Noor,Victor,Elise,Wout,Marie,Jef,Lotte,Maxime',
 'Peeters,Janssens,Maes,Jacobs,Mertens,Willems,Claes,Goossens,Wouters,Dupont'),
(11, 'Ireland', 'Europe', 'Dublin,Drogheda,Dundalk', '592713,44135,43112', 'O''Connell Street,Grafton Street,Quay Street', '+353',
 'Conor,Aoife,Seán,Saoirse,Cillian,Róisín,Fionn,Caoimhe,Declan,Orla',
 'Murphy,Kelly,O''Sullivan,Walsh,O''Brien,Byrne,Doyle,Gallagher,Doherty,Kennedy'),
(12, 'New Zealand', 'Oceania', 'Auckland,Wellington,Nelson', '1478800,215100,52000', 'Cuba Street,Karangahape Road,Trafalgar Street', '+64',
 'Aroha,Nikau,Isabella,Tane,Hunter,Mila,Kahu,Sophie,Ari,Charlie',
 'Williams,Ngata,Thompson,Wilson,Parata,Anderson,Henare,Clark,Tamihere,Wood');

INSERT INTO country SELECT country_id, name, continent FROM culture ORDER BY country_id;
INSERT INTO city
SELECT row_number() OVER (ORDER BY country_id, n), city, country_id, nullif(population, '')::integer
FROM culture, unnest(string_to_array(cities, ','), string_to_array(populations, ',')) WITH ORDINALITY AS u(city, population, n);

-- The stores stand in the first cities of their countries; a later one opens in each year, one closes.
CREATE TEMP TABLE plan (store_id integer, name text, city text, opened_on date, closed_on date, floor_area integer, share integer, neighbour text);
INSERT INTO plan VALUES
(1, 'Lisbon Baixa', 'Lisbon', '2018-04-12', NULL, 210, 10, 'Spain'),
(2, 'Toronto King West', 'Toronto', '2017-09-01', NULL, 340, 17, NULL),
(3, 'Leeds Albion', 'Leeds', '2019-02-15', NULL, 185, 11, 'Ireland'),
(4, 'Portland Hawthorne', 'Portland', '2016-05-20', NULL, 290, 15, NULL),
(5, 'Lyon Bellecour', 'Lyon', '2019-10-05', NULL, 160, 8, 'Belgium'),
(6, 'Vancouver Granville', 'Vancouver', '2020-03-02', '2024-06-30', 150, 6, NULL),
(7, 'Melbourne Lygon', 'Melbourne', '2021-07-08', NULL, 255, 12, 'New Zealand'),
(8, 'Kraków Floriańska', 'Kraków', '2022-05-14', NULL, 140, 8, NULL),
(9, 'Austin Congress', 'Austin', '2023-03-04', NULL, 310, 9, NULL),
(10, 'Hamburg Schanze', 'Hamburg', '2024-02-10', NULL, 175, 5, NULL);

INSERT INTO address
SELECT p.store_id, pg_temp.pick(c.streets, 'store street' || p.store_id) || ' ' || 3 + p.store_id * 7,
       10000 + p.store_id * 811, y.city_id, c.dial || ' 555 01' || lpad((p.store_id * 9)::text, 2, '0')
FROM plan AS p JOIN city AS y ON y.name = p.city JOIN culture AS c USING (country_id);
INSERT INTO store SELECT store_id, name, store_id, opened_on, closed_on, floor_area FROM plan ORDER BY store_id;

-- One manager, then two or three clerks, and a trainee where there is room.
INSERT INTO staff
SELECT (s.store_id - 1) * 5 + n, first_name, last_name,
       translate(lower(first_name || '.' || last_name), 'ãáàâäçéèêëíïñóôöõúüąćęłńśźżß''', 'aaaaaceeeeiinoooouuacelnszzs') || '@reelhouse.example',
       s.store_id,
       CASE WHEN n = 1 THEN 'manager' WHEN n = 5 THEN 'trainee' ELSE 'clerk' END::staff_role,
       CASE WHEN n > 1 THEN (s.store_id - 1) * 5 + 1 END,
       CASE WHEN n = 1 THEN s.opened_on - 30 ELSE s.opened_on + ((n - 2) * 240 + floor(pg_temp.chance('hired' || s.store_id * 10 + n) * 200))::integer END,
       CASE WHEN n = 1 THEN 41000 + s.floor_area * 40 + floor(pg_temp.chance('salary' || s.store_id) * 30)::integer * 100
            WHEN n < 5 THEN 24500 + floor(pg_temp.chance('salary' || s.store_id * 10 + n) * 90)::integer * 100 END
FROM store AS s
JOIN address AS a USING (address_id) JOIN city AS y USING (city_id) JOIN culture AS c USING (country_id),
generate_series(1, 5) AS n,
LATERAL (SELECT (string_to_array(c.first_names, ','))[1 + (s.store_id * 3 + n * 7) % 20] AS first_name,
                (string_to_array(c.last_names, ','))[1 + (s.store_id * 5 + n * 11) % 20] AS last_name) AS named
WHERE n < 4 OR (n = 4 AND s.floor_area > 150) OR (n = 5 AND s.floor_area > 200);

-- Customers in the order in which they joined. A store gets its share of them from its opening on;
-- the names of a country are dealt out so that none comes twice.
CREATE TEMP TABLE joining AS
SELECT row_number() OVER (ORDER BY joined_on, store_id, n)::integer AS customer_id, *
FROM (SELECT p.store_id, n, y.country_id AS store_country,
             CASE WHEN p.neighbour IS NOT NULL AND n % 9 = 4 THEN p.neighbour END AS neighbour,
             greatest(p.opened_on, date '2021-03-01') + floor(pg_temp.chance('joined' || p.store_id || '/' || n)
               * (least(p.closed_on - 90, date '2024-12-20') - greatest(p.opened_on, date '2021-03-01')))::integer AS joined_on
      FROM plan AS p JOIN city AS y ON y.name = p.city, generate_series(1, p.share * 10) AS n) AS s;

CREATE TEMP TABLE living AS
SELECT j.*, c.*, row_number() OVER (PARTITION BY c.country_id ORDER BY j.customer_id) AS nth,
       cardinality(string_to_array(c.first_names, ',')) AS names
FROM joining AS j JOIN culture AS c ON c.country_id = j.store_country AND j.neighbour IS NULL OR c.name = j.neighbour;

INSERT INTO address
SELECT 10 + l.customer_id, pg_temp.pick(l.streets, 'street' || l.customer_id) || ' ' || 1 + floor(pg_temp.chance('number' || l.customer_id) * 180)::integer,
       CASE WHEN l.customer_id % 23 <> 0 THEN (10000 + floor(pg_temp.chance('postal' || l.customer_id) * 80000))::integer::text END,
       -- Most live where the store is.
       coalesce(home.city_id, elsewhere.city_id),
       CASE WHEN l.customer_id % 11 <> 3 THEN l.dial || ' 555 ' || lpad(floor(pg_temp.chance('phone' || l.customer_id) * 10000)::text, 4, '0') END
FROM living AS l JOIN plan AS p USING (store_id)
LEFT JOIN city AS home ON home.name = p.city AND l.neighbour IS NULL AND pg_temp.chance('home' || l.customer_id) < 0.6
JOIN city AS elsewhere ON elsewhere.country_id = l.country_id AND elsewhere.name = pg_temp.pick(l.cities, 'city' || l.customer_id);

INSERT INTO customer (customer_id, first_name, last_name, email, birth_date, store_id, address_id, membership, joined_on, active)
SELECT l.customer_id, first_name, last_name,
       CASE WHEN l.customer_id % 19 <> 7 THEN
         translate(lower(first_name || '.' || last_name), 'ãáàâäçéèêëíïñóôöõúüąćęłńśźżß''', 'aaaaaceeeeiinoooouuacelnszzs')
         || CASE WHEN l.nth > 200 THEN l.nth::text ELSE '' END || '@'
         || pg_temp.pick('mail.example,post.example,inbox.example', 'mail' || l.customer_id) END,
       CASE WHEN l.customer_id % 13 <> 5 THEN date '1948-01-15' + floor((1 - pg_temp.chance('born' || l.customer_id) * pg_temp.chance('old' || l.customer_id)) * 21200)::integer END,
       l.store_id, 10 + l.customer_id,
       CASE WHEN pg_temp.chance('member' || l.customer_id) < 0.58 THEN 'basic' WHEN pg_temp.chance('member' || l.customer_id) < 0.86 THEN 'plus' ELSE 'premium' END::membership,
       l.joined_on, true
FROM living AS l,
LATERAL (SELECT (string_to_array(l.first_names, ','))[1 + (l.nth * 7 % l.names)::integer] AS first_name,
                (string_to_array(l.last_names, ','))[1 + ((l.nth * 3 + l.nth / l.names) % l.names)::integer] AS last_name) AS named
ORDER BY l.customer_id;
