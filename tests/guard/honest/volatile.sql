SELECT now(), current_timestamp, localtimestamp, current_time, localtime(0), current_timestamp(3), clock_timestamp(), statement_timestamp(), transaction_timestamp(), timeofday()
SELECT current_date, current_date - 30, 'today'::date, now()::date
SELECT random(), random(1, 6), gen_random_uuid(), uuidv7(), random_normal()
SELECT * FROM customer ORDER BY random() LIMIT 5
SELECT array_shuffle(ARRAY[1,2,3]), array_sample(ARRAY[1,2,3], 2)
SELECT count(*) >= 0 FROM customer TABLESAMPLE BERNOULLI (10)
SELECT pg_database_size(current_database()), pg_relation_size('orders'), pg_table_size('orders'), pg_indexes_size('orders')
SELECT pg_postmaster_start_time(), now() - pg_postmaster_start_time()
SELECT * FROM orders WHERE ordered_at > now() - interval '10 years' AND ordered_at < current_date + 1
SELECT txid_current_snapshot(), pg_current_snapshot(), pg_backend_pid()
