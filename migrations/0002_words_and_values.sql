-- BM25 as an inverted index: for each word of a database's schema the chunks that have it, with the word's
-- weight in each. A question sums the weights of its words.
CREATE TABLE pgagent.long_term_word (
    source  text     NOT NULL,
    word    text     NOT NULL,
    chunks  bigint[] NOT NULL,
    weights real[]   NOT NULL,
    PRIMARY KEY (source, word)
);

-- Common values of text columns and labels of enums, for finding what a question's words mean.
CREATE TABLE pgagent.long_term_value (
    source      text NOT NULL,
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    column_name text NOT NULL,
    value       text NOT NULL,
    -- The value as words in lower case.
    folded      text NOT NULL,
    PRIMARY KEY (source, schema_name, table_name, column_name, value)
);

CREATE INDEX long_term_value_folded ON pgagent.long_term_value (source, folded);

CREATE INDEX long_term_memory_table ON pgagent.long_term_memory
    (source, (metadata ->> 'schema'), (metadata ->> 'name')) WHERE kind = 'table';
CREATE INDEX long_term_memory_from ON pgagent.long_term_memory
    (source, (metadata ->> 'from')) WHERE kind = 'relationship';
CREATE INDEX long_term_memory_to ON pgagent.long_term_memory
    (source, (metadata ->> 'to')) WHERE kind = 'relationship';

CREATE OR REPLACE PROCEDURE pgagent.add_extension_objects() LANGUAGE plpgsql AS $$
DECLARE
    vector_schema text := (SELECT n.nspname FROM pg_catalog.pg_extension AS e
                           JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector');
    trgm_schema   text := (SELECT n.nspname FROM pg_catalog.pg_extension AS e
                           JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm');
BEGIN
    IF vector_schema IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = 'pgagent.long_term_memory'::regclass AND attname = 'embedding' AND NOT attisdropped
    ) THEN
        EXECUTE format('ALTER TABLE pgagent.long_term_memory ADD COLUMN embedding %I.vector(768)', vector_schema);
        EXECUTE format('CREATE INDEX long_term_memory_embedding ON pgagent.long_term_memory '
                       'USING hnsw (embedding %I.vector_cosine_ops)', vector_schema);
    END IF;
    -- Nothing searches the chunks' text by trigrams any more; the words and values are searched instead.
    DROP INDEX IF EXISTS pgagent.long_term_memory_trigrams;
    IF trgm_schema IS NOT NULL AND pg_catalog.to_regclass('pgagent.long_term_word_trigrams') IS NULL THEN
        EXECUTE format('CREATE INDEX long_term_word_trigrams ON pgagent.long_term_word '
                       'USING gin (word %I.gin_trgm_ops)', trgm_schema);
        EXECUTE format('CREATE INDEX long_term_value_trigrams ON pgagent.long_term_value '
                       'USING gin (folded %I.gin_trgm_ops)', trgm_schema);
    END IF;
END
$$;
