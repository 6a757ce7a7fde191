SELECT 1::bigint, 2::int2, 3::float8, '4'::numeric(5, 1), 5::real, '6'::money
SELECT CAST('1' AS integer), CAST(2 AS double precision), CAST('3' AS numeric(10,2)), CAST('a' AS character varying(5)), CAST('b' AS char(3))
SELECT int '1', float8 '2.5', numeric '3', bool 't', text 'x', date '2024-01-01', time '10:00', timestamp '2024-01-01 10:00', timestamptz '2024-01-01 10:00+00'
SELECT inet '10.0.0.1', cidr '10.0.0.0/8', macaddr '08:00:2b:01:02:03', uuid '00000000-0000-4000-8000-000000000001', json '{}', jsonb '[1]', point '(1,2)', bit '101', varbit '1'
SELECT pg_catalog.date '2024-01-01', "date" '2024-01-01', pg_catalog.int4 '1'
SELECT timestamp with time zone '2024-01-01 00:00+00', timestamp without time zone '2024-01-01', time with time zone '10:00+01', time(2) '10:00:00.123', timestamp(3) '2024-01-01 00:00:00.1234'
SELECT interval '1 day', interval '1-2' year to month, interval '3' hour, interval(2) '1.234 seconds', interval '1 2:03' day to minute, interval '5' second(1)
SELECT '1 day'::interval + interval '2 hours' * 3, now() - interval '1 month' < now()
SELECT DATE '2024-01-31' + 1, date '2024-01-31' - date '2024-01-01', timestamp '2024-01-01' + '1 month'
SELECT ordered_at AT TIME ZONE 'Europe/Berlin', created_at AT TIME ZONE 'UTC' FROM orders JOIN customer USING (customer_id) ORDER BY order_id LIMIT 2
SELECT timestamptz '2024-01-01 00:00+00' AT TIME ZONE INTERVAL '-08:00', timestamp '2024-01-01' AT LOCAL
SELECT age(timestamp '2024-03-01', timestamp '2024-01-15'), date_bin('15 minutes', timestamp '2024-01-01 10:07', timestamp '2024-01-01')
SELECT make_date(2024, 2, 29), make_interval(days => 3, hours => 2), make_timestamptz(2024, 1, 1, 0, 0, 0, 'UTC'), to_timestamp(0), isfinite(date 'infinity')
SELECT to_char(ordered_at, 'YYYY-MM-DD HH24:MI'), to_char(total, 'FM999G999D00') FROM orders ORDER BY order_id LIMIT 2
SELECT to_date('05 Dec 2000', 'DD Mon YYYY'), to_number('12,454.8-', '99G999D9S'), to_timestamp('2024', 'YYYY')
SELECT extract(epoch FROM interval '1 day'), extract('isoyear' from date '2024-01-01'), extract(century FROM date '2024-01-01')
SELECT (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', interval '1 month')
SELECT justify_days(interval '40 days'), justify_hours(interval '30 hours'), justify_interval(interval '1 mon -1 hour')
SELECT ARRAY[1, 2, 3], '{1,2,3}'::int[], ARRAY[[1, 2], [3, 4]], ARRAY[]::text[], '{}'::int array, '{1}'::int array[3]
SELECT scores[1], scores[1:2], scores[:1], scores[2:], tags[array_length(tags, 1)] FROM customer ORDER BY customer_id LIMIT 2
SELECT scores || 5, 5 || scores, scores @> ARRAY[1], scores && ARRAY[1, 2], scores <@ ARRAY[1, 2] FROM customer ORDER BY customer_id LIMIT 2
SELECT array_append(tags, 'z'), array_position(tags, 'a'), array_remove(tags, 'a'), cardinality(tags), array_to_string(tags, ',') FROM customer ORDER BY customer_id LIMIT 1
SELECT array_dims(ARRAY[[1,2],[3,4]]), array_fill(7, ARRAY[2]), array_upper(ARRAY[1,2], 1), trim_array(ARRAY[1,2,3], 1), string_to_array('a,b', ','), array_sort(ARRAY[3,1,2])
SELECT int4range(1, 5) @> 3, '[1,5)'::int4range && '[4,9)', daterange('2024-01-01', NULL), tstzrange(now(), NULL) IS NOT NULL
SELECT lower(validity), upper(validity), isempty(validity), upper_inf(validity), validity * '[2024-02-01,2024-03-01)'::daterange FROM product ORDER BY product_id LIMIT 2
SELECT int4multirange(int4range(1, 3), int4range(5, 7)) @> 6, range_agg(validity)::text FROM product
SELECT int4range(1,3) -|- int4range(3,5), int4range(1,3) << int4range(5,6), int4range(1,5) + int4range(3,9), int4range(1,9) - int4range(5,9), int4range(1,2) &< int4range(1,3)
SELECT B'101' & B'110', ~B'101', B'101' || B'1', X'1F', b'1'::bit(3), bit_count(B'1011'), get_bit(flags, 1) FROM product LIMIT 1
SELECT E'\\xDEADBEEF'::bytea, '\x00ff'::bytea, encode(photo, 'base64'), octet_length(photo), md5('x'), sha256('x'), decode('ff', 'hex') FROM product LIMIT 1
SELECT ip, host(ip), masklen(ip), network(ip), ip << '10.0.0.0/24', ip + 1, set_masklen(ip, 24), family(ip), broadcast(inet '10.0.0.1/24') FROM customer ORDER BY customer_id LIMIT 1
SELECT mood, mood > 'sad', enum_range(NULL::mood), enum_first(NULL::mood), 'ok'::mood FROM customer ORDER BY customer_id LIMIT 2
SELECT 5::positive, '7'::positive + 1
SELECT ROW('a', 'b', 'c')::address, (ROW('a', 'b', 'c')::address).city
SELECT point(1, 2) <-> point(4, 6), box '((0,0),(1,1))' @> point '(0.5,0.5)', circle '<(0,0),1>', lseg '[(0,0),(1,1)]', path '((0,0),(1,1))', polygon '((0,0),(1,1),(1,0))', area(box '((0,0),(2,2))')
SELECT location[0], location <@ circle '<(0,0),5>', # path '((0,0),(1,1))', @-@ lseg '[(0,0),(3,4)]', ?| lseg '[(0,0),(0,1)]' FROM product ORDER BY product_id LIMIT 1
SELECT 0b101, 0o17, 0x1F, 1_000_000, 1.5e3, .5, 5., 1e-3
SELECT 'a'
 'b' AS x FROM country LIMIT 0
SELECT 'a'
 'b'
SELECT E'line\nbreak', E'it\'s', 'it''s', $$dollar's$$, $tag$ $$ $tag$, U&'\0041\+000042', U&'d!0061t' UESCAPE '!', N'national'
SELECT U&"\0063ode" FROM country ORDER BY 1
SELECT 'DROP TABLE x; DELETE FROM y', 'pg_sleep(1)', '-- not a comment', '/* nor this */'
SELECT NULL::int, TRUE, FALSE, NULL IS NULL, 't'::bool, 'yes'::boolean, true AND NOT false OR NULL
SELECT 'pg_class'::regclass, 'int4'::regtype, 'public'::regnamespace, to_regclass('nope'), 'now'::regproc
SELECT 7 / 2, 7 % 2, 7 ^ 2, |/ 16, ||/ 27, @ -5, 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 16 >> 2, -(-3), + 4, 2 ^ -1
SELECT abs(-1), ceil(1.2), ceiling(1.2), floor(1.8), round(1.555, 2), trunc(1.9), sign(-3), mod(7, 3), power(2, 10), sqrt(2), cbrt(27), exp(1), ln(2), log(100), log(2, 8), pi(), degrees(1), radians(180), gcd(12, 18), lcm(4, 6), factorial(5), scale(1.50), div(7, 2)
SELECT sin(1), cos(1), tan(1), asin(0.5), acos(0.5), atan(1), atan2(1, 2), sinh(1), cot(1), sind(30)
SELECT greatest(1, 2, 3), least(1, 2), coalesce(NULL, 1), nullif(1, 1), num_nulls(1, NULL), num_nonnulls(1)
SELECT 1 IS DISTINCT FROM NULL, 1 IS NOT DISTINCT FROM 1, (1 = 1) IS TRUE, (NULL::bool) IS UNKNOWN, true IS NOT FALSE
SELECT numeric 'NaN', 'Infinity'::float8, '-inf'::numeric, 1 = '1', 1 <> 2, 1 != 2
SELECT pg_typeof(1), pg_typeof('a'::text), format_type(23, NULL), pg_column_size(1), pg_size_pretty(123456::bigint)
SELECT current_database() IS NOT NULL, current_schema, current_user = session_user, version() IS NOT NULL, current_catalog IS NOT NULL
SELECT uuid_extract_version('00000000-0000-4000-8000-000000000001'), token::text FROM customer ORDER BY 1, 2 LIMIT 1
SELECT 1 OPERATOR(pg_catalog.+) 2, 'a' OPERATOR(pg_catalog.||) 'b'
SELECT int4(5.5), float8(1), text(5), date(timestamp '2024-01-01'), "timestamp"(date '2024-01-01'), uuid('00000000-0000-4000-8000-000000000001'), inet('10.0.0.1')
SELECT x::int::text::varchar(10)::text, x::numeric(10,2)::int FROM (VALUES (1.5)) v(x)
