SELECT * FROM customer WHERE first_name LIKE 'First1%' ORDER BY 1
SELECT * FROM customer WHERE first_name ILIKE '%RST2%' ORDER BY 1
SELECT * FROM customer WHERE first_name NOT LIKE '%1' AND last_name NOT ILIKE 'l%5' ORDER BY 1
SELECT * FROM customer WHERE first_name LIKE '10!%' ESCAPE '!' OR first_name ~~ 'First3' OR first_name ~~* 'first4' OR first_name !~~ 'F%' ORDER BY 1
SELECT * FROM customer WHERE first_name SIMILAR TO 'First(1|2)' OR first_name NOT SIMILAR TO '%[0-9]' ORDER BY 1
SELECT * FROM customer WHERE first_name ~ '^First[12]$' OR first_name ~* 'FIRST3$' OR first_name !~ 'F' OR first_name !~* 'f' ORDER BY 1
SELECT * FROM customer WHERE first_name ^@ 'First1' AND starts_with(last_name, 'Last') ORDER BY 1
SELECT * FROM customer WHERE email = 'USER1@EXAMPLE.ORG'
SELECT upper(first_name), lower(first_name), initcap('hello world'), length(first_name), char_length('é'), octet_length('é') FROM customer ORDER BY customer_id LIMIT 2
SELECT substring('hello' FROM 2 FOR 3), substring('hello' FROM 2), substring('hello' FOR 2), substring('hello', 2, 3), substring('hello' FROM 'l+'), substring('hello' SIMILAR 'h#"ell#"o' ESCAPE '#'), substr('hello', 2)
SELECT position('l' IN 'hello'), strpos('hello', 'l'), overlay('hello' PLACING 'XX' FROM 2 FOR 3), overlay('hello' placing 'J' from 1)
SELECT trim(' a '), trim(both 'x' FROM 'xax'), trim(leading from ' a'), trim(trailing 'x' from 'ax'), btrim('xax', 'x'), ltrim(' a'), rtrim('a '), trim('xax', 'x')
SELECT lpad('7', 3, '0'), rpad('a', 3), repeat('ab', 3), reverse('abc'), replace('abc', 'b', 'x'), translate('abc', 'ab', 'xy'), left('abc', 2), right('abc', -1)
SELECT split_part('a,b,c', ',', 2), string_to_table('a,b', ','), concat('a', NULL, 1), concat_ws('-', 'a', 'b'), format('%s is %I = %L', 'x', 'y', 'z'), chr(65), ascii('A')
SELECT regexp_replace('foobar', 'o+', 'x', 'g'), regexp_match('foobar', '(o+)b'), regexp_matches('a1b2', '[0-9]', 'g'), regexp_split_to_array('a b', '\s'), regexp_count('banana', 'a'), regexp_substr('banana', 'n.'), regexp_instr('banana', 'n'), regexp_like('x', 'X', 'i')
SELECT regexp_split_to_table('a1b2c', '[0-9]') ORDER BY 1
SELECT quote_ident('a b'), quote_literal('it''s'), quote_nullable(NULL), to_hex(255), md5('a'), encode('abc', 'hex'), to_bin(5), unistr('\0041')
SELECT normalize('é', NFD) = normalize('é'), 'é' IS NORMALIZED, 'é' IS NOT NFC NORMALIZED, casefold('ß')
SELECT to_tsvector('english', 'The quick brown foxes') @@ to_tsquery('english', 'fox & quick'), plainto_tsquery('a b'), phraseto_tsquery('english', 'quick fox'), websearch_to_tsquery('english', '"quick brown" or -lazy')
SELECT product_id, ts_rank(search, q), ts_rank_cd(search, q) FROM product, to_tsquery('english', 'running') AS q WHERE search @@ q ORDER BY 1
SELECT ts_headline('english', description, to_tsquery('shoe'), 'StartSel=<b>, StopSel=</b>') FROM product ORDER BY product_id LIMIT 1
SELECT setweight(to_tsvector('a'), 'A') || to_tsvector('b'), numnode('a & b'::tsquery), 'a & b'::tsquery && !!'c'::tsquery, tsvector_to_array('a b'::tsvector), strip('a:1'::tsvector), ts_lexize('english_stem', 'stars'), 'a b'::tsvector @@ 'a <-> b'::tsquery
SELECT first_name, similarity(first_name, 'Frist1') FROM customer WHERE first_name % 'First1' ORDER BY first_name <-> 'First1', 1 LIMIT 5
SELECT word_similarity('first', first_name), strict_word_similarity('first', first_name), show_trgm('ab') FROM customer WHERE 'first' <% first_name OR first_name %> 'rst' OR 'a' <<% first_name ORDER BY customer_id LIMIT 2
SELECT levenshtein('kitten', 'sitting'), soundex('hello'), metaphone('hello', 4), dmetaphone('smith'), difference('a', 'b'), unaccent('Hôtel')
SELECT attributes -> 'color', attributes ? 'color', attributes @> 'color=>c1', akeys(attributes), svals(attributes), attributes || 'a=>1', attributes - 'color'::text, hstore_to_json(attributes), each(attributes) FROM customer ORDER BY customer_id LIMIT 1
SELECT category, nlevel(category), subpath(category, 1), category <@ 'top', category ~ 'top.*', 'top.c1'::ltree @> category, category ? ARRAY['top.*']::lquery[], lca(category, 'top.x') FROM product ORDER BY product_id LIMIT 2
SELECT embedding <-> '[1,2,3]', embedding <#> '[1,2,3]', embedding <=> '[1,2,3]', embedding <+> '[1,2,3]' FROM product ORDER BY embedding <-> '[1,2,3]' LIMIT 3
SELECT product_id, 1 - (embedding <=> '[1,2,3]'::vector(3)) AS cosine FROM product ORDER BY embedding <=> '[1,2,3]'::vector, 1 LIMIT 3
SELECT avg(embedding), sum(embedding), vector_dims(embedding), l2_distance(embedding, '[1,2,3]'), cosine_distance(embedding, '[1,2,3]'), inner_product(embedding, '[1,2,3]'), l1_distance(embedding, '[1,1,1]'), vector_norm(embedding), l2_normalize(embedding), embedding::halfvec(3), binary_quantize(embedding) FROM product GROUP BY embedding ORDER BY embedding LIMIT 2
SELECT binary_quantize(embedding)::bit(3) <~> B'101', B'101' <%> B'111', subvector(embedding, 1, 2), '{1:1,3:2}/5'::sparsevec <-> '{1:3}/5' FROM product ORDER BY product_id LIMIT 2
SELECT '{1,2,3}'::int[] @@ '1&2'::query_int, sort(ARRAY[3,1,2]), uniq(ARRAY[1,1,2]), idx(ARRAY[1,2], 2), icount(ARRAY[1,2]), ARRAY[1,2] & ARRAY[2,3], ARRAY[1] | 2
SELECT cube(ARRAY[1,2]) <-> cube(ARRAY[3,4]), cube_distance(cube(1), cube(2)), earth_distance(ll_to_earth(48, 11), ll_to_earth(52, 13)), point(1, 2) <@> point(2, 3)
SELECT "Id", "Select", "größe", "a""b" FROM "Mixed Case"."Table"
SELECT t."Select" AS "Order", t.größe FROM "Mixed Case"."Table" AS t
SELECT größe AS straße FROM "Mixed Case"."Table" AS täble
SELECT 'a' < 'b' COLLATE "C", 'ä' = 'a', COLLATION FOR ('a'::text), pg_collation_for('a'::text)
SELECT count(*) AS "count(*)", max(total) "max" FROM orders
SELECT first_name AS name, last_name value, email text, country type FROM customer ORDER BY 1 LIMIT 1
SELECT 'a' || 1 || NULL::text, 'tab	in string', '😀', length('😀')
