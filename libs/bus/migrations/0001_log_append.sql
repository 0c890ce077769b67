-- Appends records to their partitions with dense offsets. The counter rows are taken in one order (no deadlock) and stay
-- locked until the commit, so commit order is offset order and a rollback leaves no hole. Call it as the last statement
-- of a short transaction: the locks hold up every other writer of those partitions.
CREATE FUNCTION bus.log_append(
  topics text[], partitions int[], keys text[], header_texts text[], texts text[], byte_values bytea[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  wanted record;
  base bigint;
  base_topics text[] := '{}';
  base_partitions int[] := '{}';
  bases bigint[] := '{}';
  appended bigint;
BEGIN
  FOR wanted IN
    SELECT t.topic, t.partition, count(*) AS records
    FROM unnest(topics, partitions) AS t(topic, partition)
    GROUP BY t.topic, t.partition
    ORDER BY t.topic, t.partition
  LOOP
    UPDATE bus.log_partition AS p SET next_offset = p.next_offset + wanted.records
      WHERE p.topic = wanted.topic AND p.partition = wanted.partition
      RETURNING p.next_offset - wanted.records INTO base;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'topic % has no partition %', wanted.topic, wanted.partition USING ERRCODE = 'P0002';
    END IF;
    base_topics := base_topics || wanted.topic;
    base_partitions := base_partitions || wanted.partition;
    bases := bases || base;
  END LOOP;

  INSERT INTO bus.log_record (topic, partition, record_offset, key, headers, value, value_bytes)
  SELECT r.topic, r.partition,
    b.base + row_number() OVER (PARTITION BY r.topic, r.partition ORDER BY r.n) - 1,
    r.key, r.headers, r.value, r.value_bytes
  FROM unnest(topics, partitions, keys, header_texts, texts, byte_values)
    WITH ORDINALITY AS r(topic, partition, key, headers, value, value_bytes, n)
  JOIN unnest(base_topics, base_partitions, bases) AS b(topic, partition, base) USING (topic, partition);
  GET DIAGNOSTICS appended = ROW_COUNT;
  RETURN appended;
END
$$;
--> statement-breakpoint
-- The log is append-only and read in order: old records leave from the front.
ALTER TABLE bus.log_record SET (autovacuum_vacuum_insert_scale_factor = 0.5);
--> statement-breakpoint
-- Rows that are updated for every append or commit: room in their pages keeps those updates off the indexes.
ALTER TABLE bus.log_partition SET (fillfactor = 20);
--> statement-breakpoint
ALTER TABLE bus.log_cursor SET (fillfactor = 20);
