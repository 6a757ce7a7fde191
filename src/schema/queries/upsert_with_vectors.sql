INSERT INTO pgagent.long_term_memory AS m
    (source, kind, name, content, terms, content_hash, metadata, bare, embedding_model, embedding_dimensions, embedding)
SELECT $1, c.kind, c.name, c.content, c.terms, c.hash, c.metadata::jsonb - 'bare', c.metadata::jsonb ->> 'bare', c.model, c.dimensions, c.embedding
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int4[], $10::vector[])
     AS c(kind, name, content, terms, hash, metadata, model, dimensions, embedding)
ON CONFLICT (source, kind, name) DO UPDATE
SET content = excluded.content, terms = excluded.terms, content_hash = excluded.content_hash,
    metadata = excluded.metadata, bare = excluded.bare, updated_at = now(),
    -- What means the same as before keeps its vector.
    embedding_model = CASE WHEN excluded.embedding IS NULL AND m.terms = excluded.terms
                           THEN m.embedding_model ELSE excluded.embedding_model END,
    embedding_dimensions = CASE WHEN excluded.embedding IS NULL AND m.terms = excluded.terms
                                THEN m.embedding_dimensions ELSE excluded.embedding_dimensions END,
    embedding = CASE WHEN excluded.embedding IS NULL AND m.terms = excluded.terms
                     THEN m.embedding ELSE excluded.embedding END
