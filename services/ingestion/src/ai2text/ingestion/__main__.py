from ai2text.ingestion.main import main

if __name__ == "__main__":
    main()
