FROM a
CMD ["a", "b"]
CMD a "b c"
CMD []
CMD
ENTRYPOINT []
ENTRYPOINT x $y
ENTRYPOINT ["x"]
