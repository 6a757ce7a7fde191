SELECT props -> 'level', props ->> 'level', props #> '{address,city}', props #>> '{address,city}', props -> 'langs' -> 0 FROM customer ORDER BY customer_id LIMIT 2
SELECT props['address']['city'], props['langs'][0] FROM customer ORDER BY customer_id LIMIT 2
SELECT * FROM customer WHERE props @> '{"level": 1}' AND props ? 'langs' AND props ?| ARRAY['a', 'level'] AND props ?& ARRAY['level', 'langs'] ORDER BY 1
SELECT props || '{"x": 1}', props - 'level', props #- '{address,city}', props - ARRAY['level'], '{"a":1}'::jsonb <@ '{"a":1,"b":2}' FROM customer ORDER BY customer_id LIMIT 1
SELECT * FROM customer WHERE props @? '$.langs[*] ? (@ == "de")' AND props @@ '$.level > 2' ORDER BY 1
SELECT jsonb_path_query(props, '$.langs[*]'), jsonb_path_exists(props, '$.level'), jsonb_path_query_array(props, '$.*'), jsonb_path_query_first(props, '$.level ? (@ > $min)', '{"min": 1}'), jsonb_path_match(props, '$.level >= 0') FROM customer ORDER BY customer_id, 1 LIMIT 4
SELECT jsonb_build_object('a', 1, 'b', ARRAY[1, 2]), jsonb_build_array(1, 'a', NULL), to_jsonb(1.5), row_to_json(ROW(1, 2)), to_json('a'::text), json_build_object('x', now() IS NOT NULL)
SELECT jsonb_agg(first_name ORDER BY customer_id), jsonb_object_agg(customer_id, country), json_agg(c.code) FROM customer JOIN country c ON c.code = country WHERE customer_id < 4
SELECT key, value FROM customer, jsonb_each(props) WHERE customer_id = 1 ORDER BY key
SELECT customer_id, lang FROM customer, jsonb_array_elements_text(props -> 'langs') AS lang ORDER BY 1, 2 LIMIT 4
SELECT jsonb_typeof(props), jsonb_array_length(props -> 'langs'), jsonb_pretty(props), jsonb_strip_nulls(props), jsonb_object_keys(props) FROM customer WHERE customer_id = 1 ORDER BY 5
SELECT jsonb_set(props, '{level}', '9'), jsonb_insert(props, '{langs,0}', '"fr"'), jsonb_set_lax(props, '{level}', NULL) FROM customer ORDER BY customer_id LIMIT 1
SELECT * FROM jsonb_populate_record(NULL::country, '{"code": "XX", "name": "Nowhere"}')
SELECT details ->> 'channel' AS channel, count(*) FROM orders GROUP BY 1 ORDER BY 1
SELECT (details -> 'items' ->> 0)::int AS first FROM orders ORDER BY order_id LIMIT 3
SELECT '{"a":1}' IS JSON, '[1]' IS JSON ARRAY, '1' IS JSON SCALAR, '{}' IS JSON OBJECT WITH UNIQUE KEYS, 'x' IS NOT JSON, '1' IS JSON VALUE WITHOUT UNIQUE KEYS
SELECT JSON_OBJECT('a': 1, 'b': NULL ABSENT ON NULL), JSON_OBJECT('k' VALUE 'v' RETURNING jsonb), JSON_ARRAY(1, 2, NULL NULL ON NULL), JSON_ARRAY(SELECT code FROM country ORDER BY 1)
SELECT JSON_OBJECTAGG(code : name), JSON_ARRAYAGG(name ORDER BY name ABSENT ON NULL RETURNING jsonb) FROM country
SELECT JSON_VALUE(props, '$.level' RETURNING int), JSON_QUERY(props, '$.langs' WITH WRAPPER), JSON_EXISTS(props, '$.address.city'), JSON_VALUE(props, '$.nope' DEFAULT 'none' ON EMPTY ERROR ON ERROR) FROM customer ORDER BY customer_id LIMIT 2
SELECT JSON_QUERY(props, 'lax $.address.city' OMIT QUOTES), JSON_QUERY(props, '$.langs[*]' WITH UNCONDITIONAL ARRAY WRAPPER), JSON_EXISTS(props, '$ ? (@.level > $x)' PASSING 1 AS x) FROM customer ORDER BY customer_id LIMIT 2
SELECT JSON('{"a":1}'), JSON_SCALAR(1), JSON_SERIALIZE('{"a":1}' RETURNING text)
SELECT t.* FROM customer, JSON_TABLE(props, '$' COLUMNS (level int PATH '$.level', city text PATH '$.address.city')) AS t ORDER BY 1, 2 LIMIT 5
SELECT j.* FROM JSON_TABLE('[{"a":1,"b":[1,2]},{"a":2,"b":[3]}]'::jsonb, '$[*]' COLUMNS (id FOR ORDINALITY, a int PATH '$.a', NESTED PATH '$.b[*]' COLUMNS (b int PATH '$'))) AS j ORDER BY id, b
SELECT * FROM JSON_TABLE(jsonb '[1,2]', '$[*]' AS root PASSING 1 AS x COLUMNS (v numeric(5, 2) PATH '$', e bool EXISTS PATH '$.z', d text PATH '$.q' DEFAULT '-' ON EMPTY, f jsonb FORMAT JSON PATH '$' WITH WRAPPER KEEP QUOTES)) jt ORDER BY v
